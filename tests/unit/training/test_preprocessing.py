from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from xgboost import XGBClassifier

from treadle.errors import InvalidInput
from treadle.models import Signature, columns_of, frame_of
from treadle.training.preprocessing import automatic, frequent

TABLE = pa.table(
    {
        "a": [1.0, None, 3.0, 4.0] * 10,
        "text": ["x", "y", None, "x"] * 10,
        "b": [1, 2, 3, 4] * 10,
    }
)
SIGNATURE = Signature.of(TABLE, ["a", "text", "b"], task="binary", classes=(False, True))
X = frame_of(columns_of(TABLE, SIGNATURE), SIGNATURE)
Y = np.array([0, 1, 0, 1] * 10)


ESTIMATORS = (
    XGBClassifier(n_estimators=2),
    LogisticRegression(),
    RandomForestClassifier(3),
    KNeighborsClassifier(1),
    HistGradientBoostingClassifier(max_iter=2),
)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda estimator: type(estimator).__name__)
def test_gaps_and_unknown_categories_are_survived(estimator: object) -> None:
    fitted = automatic(estimator, SIGNATURE, X).fit(X, Y)
    strange = X.copy()
    strange.loc[0, "text"] = "never seen"
    strange.loc[1, "text"] = np.nan
    strange.loc[2, ["a", "b"]] = np.nan
    scores = fitted.predict_proba(strange)
    assert np.isfinite(scores).all()


def test_rows_become_dense_float32_and_trees_keep_gaps() -> None:
    made = automatic(XGBClassifier(), SIGNATURE, X)[:-1].fit_transform(X)
    assert isinstance(made, np.ndarray)
    assert made.dtype == np.float32
    assert made.shape == (40, 4)
    assert np.isnan(made[1, 0])
    assert made[2, 2:].tolist() == [0.0, 0.0]  # a missing text is no category


def test_linear_models_get_filled_and_scaled_numbers() -> None:
    made = automatic(LogisticRegression(), SIGNATURE, X)[:-1].fit_transform(X)
    assert made[:, :2].mean(axis=0) == pytest.approx([0, 0], abs=1e-6)
    assert made[:, :2].std(axis=0) == pytest.approx([1, 1], abs=1e-5)
    assert made.dtype == np.float32


def test_only_frequent_categories_get_a_column() -> None:
    values = pd.Series(["b"] * 3_000 + ["a"] * 2_000 + ["rare"] * 9, name="dest")
    assert frequent(values).tolist() == ["a", "b"]
    assert frequent(pd.Series(["a", "b", "a", "b"], name="dest")).tolist() == ["a", "b"]
    many = pd.Series([f"c{number:04d}" for number in range(300) for _ in range(20)], name="dest")
    assert len(frequent(many)) == 128


def test_a_column_of_names_is_refused() -> None:
    with pytest.raises(InvalidInput, match="every row differently") as raised:
        frequent(pd.Series([f"id{number}" for number in range(50)], name="tailnum"))
    assert raised.value.field == "tailnum"
    with pytest.raises(InvalidInput, match="at least 10 rows"):
        frequent(pd.Series([f"id{number // 2}" for number in range(5_000)], name="tailnum"))
