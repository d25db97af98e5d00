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
from treadle.training.categories import by_label, frequent
from treadle.training.prepared import Part
from treadle.training.preprocessing import automatic

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
    fitted = automatic(estimator, SIGNATURE, Part(X, Y)).fit(X, Y)
    strange = X.copy()
    strange.loc[0, "text"] = "never seen"
    strange.loc[1, "text"] = np.nan
    strange.loc[2, ["a", "b"]] = np.nan
    scores = fitted.predict_proba(strange)
    assert np.isfinite(scores).all()


def test_trees_get_dense_float32_positions_and_keep_gaps() -> None:
    made = automatic(XGBClassifier(), SIGNATURE, Part(X, Y))[:-1].fit_transform(X)
    assert isinstance(made, np.ndarray)
    assert made.dtype == np.float32
    assert made.shape == (40, 3)
    assert np.isnan(made[1, 0])
    assert np.isnan(made[2, 2])  # a missing text is no category
    assert made[:2, 2].tolist() == [0.0, 1.0]  # x was late less often than y
    filled = automatic(RandomForestClassifier(), SIGNATURE, Part(X, Y))[:-1].fit_transform(X)
    assert filled[1, 0] == 3.0  # the median
    assert filled[2, 2] == -1.0


def test_linear_models_get_filled_and_scaled_numbers() -> None:
    made = automatic(LogisticRegression(), SIGNATURE, Part(X, Y))[:-1].fit_transform(X)
    assert made[:, :2].mean(axis=0) == pytest.approx([0, 0], abs=1e-6)
    assert made[:, :2].std(axis=0) == pytest.approx([1, 1], abs=1e-5)
    assert made.dtype == np.float32
    assert made[2, 2:].tolist() == [0.0, 0.0]


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


def test_categories_stand_in_the_order_of_the_label() -> None:
    values = pd.Series(["a"] * 100 + ["b"] * 100 + ["c"] * 100 + ["other"] * 50, name="dest")
    known = np.array(["a", "b", "c"], dtype=object)
    numbers = np.r_[np.full(100, 5.0), np.full(100, 1.0), np.full(100, 3.0), np.full(50, 99.0)]
    assert by_label(values, known, numbers, 0).tolist() == ["b", "c", "a"]
    assert by_label(values, known, (numbers > 2).astype(int), 2).tolist() == ["b", "a", "c"]  # a tie stands by name
    shares = by_label(values, known, np.r_[np.repeat([0, 2, 1], 100), np.zeros(50, int)].astype(int), 3).tolist()
    assert sorted(shares) == ["a", "b", "c"]


def test_a_rare_category_stands_near_the_middle() -> None:
    values = pd.Series(["often"] * 500 + ["seldom"] * 5 + ["rest"] * 500, name="dest")
    y = np.r_[np.full(500, 1), np.full(5, 1), np.full(500, 0)]
    assert by_label(values, np.array(["often", "rest", "seldom"], dtype=object), y, 2).tolist() == [
        "rest",
        "seldom",
        "often",
    ]
