"""Contributions: they add up to the answer, and they name the features that matter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from xgboost import XGBClassifier, XGBRegressor

from treadle.errors import InvalidInput
from treadle.models import columns_of, frame_of
from treadle.training import Candidate, Frame, Trained, contributions, explain, train
from treadle.training.origins import origins


def rows_of(n: int = 600) -> pa.Table:
    rng = np.random.default_rng(0)
    strong, weak, noise = rng.normal(size=(3, n))
    dest = rng.choice(["ATL", "BOS", "ORD"], size=n)
    drive = 3 * strong + 0.5 * weak + np.where(dest == "ATL", 1.5, 0.0)
    return pa.table(
        {
            "noise": noise,
            "strong": pa.array(strong, mask=rng.random(n) < 0.05),
            "dest": dest,
            "weak": weak,
            "late": drive > 0.5,
            "kind": np.array(["a", "b", "c"])[np.digitize(drive, [-1.0, 1.0])],
            "delay": drive,
            "split": rng.choice(["train", "validation", "test"], size=n),
        }
    )


ROWS = rows_of()
LABELS = {"binary": "late", "multiclass": "kind", "regression": "delay"}
FEATURES = ["noise", "strong", "dest", "weak"]


def trained(task: Any, model: Any) -> Trained:
    return train(Frame.of(ROWS, features=FEATURES, label=LABELS[task]), Candidate("m", model), task=task)


def answers(model: Trained) -> np.ndarray:
    """The answer that the contributions are about, asked for directly."""
    said = model.predict(ROWS)
    if said.scores is None:
        return said.labels
    return said.scores[:, 1] if model.signature.task == "binary" else said.scores.max(axis=1)


EXACT = [
    ("binary", XGBClassifier(n_estimators=10, max_depth=3), "tree", "log-odds"),
    ("binary", LogisticRegression(), "linear", "log-odds"),
    ("regression", XGBRegressor(n_estimators=10, max_depth=3), "tree", "label"),
    ("regression", LinearRegression(), "linear", "label"),
    ("binary", KNeighborsClassifier(9), "sampling", "probability"),
    ("multiclass", KNeighborsClassifier(9), "sampling", "probability"),
]


@pytest.mark.parametrize(("task", "model", "method", "unit"), EXACT, ids=lambda case: type(case).__name__)
def test_contributions_add_up_to_the_answer(task: Any, model: Any, method: str, unit: str) -> None:
    fitted = trained(task, model)
    found = explain(fitted, ROWS)
    assert (found.method, found.unit) == (method, unit)
    assert found.values.shape == (ROWS.num_rows, len(FEATURES))
    total = found.values.sum(axis=1) + found.base
    said = 1 / (1 + np.exp(-total)) if unit == "log-odds" else total
    assert said == pytest.approx(answers(fitted), abs=1e-4)


@pytest.mark.parametrize(
    "model", [XGBClassifier(n_estimators=10, max_depth=3), LogisticRegression()], ids=["tree", "linear"]
)
def test_of_several_classes_the_answered_one_is_explained(model: Any) -> None:
    fitted = trained("multiclass", model)
    found = explain(fitted, ROWS)
    X = fitted.estimator[:-1].transform(frame_of(columns_of(ROWS, fitted.signature), fitted.signature))
    last = fitted.estimator.steps[-1][1]
    margins = last.predict(X, output_margin=True) if found.method == "tree" else last.decision_function(X)
    assert found.unit == "log-odds"
    assert found.values.sum(axis=1) + found.base == pytest.approx(margins.max(axis=1), abs=1e-4)


@pytest.mark.parametrize(
    "model",
    [XGBClassifier(n_estimators=20, max_depth=3), LogisticRegression(), KNeighborsClassifier(9)],
    ids=["tree", "linear", "sampling"],
)
def test_what_matters_comes_first(model: Any) -> None:
    frame = Frame.of(ROWS, features=FEATURES, label="late")
    found = contributions(trained("binary", model), frame.part("validation"), rows=100)
    assert next(iter(found)) == "strong"
    assert list(found) == sorted(found, key=lambda name: -found[name])
    assert set(found) == set(FEATURES)
    assert found["noise"] < found["dest"]


def test_the_same_seed_gives_the_same_contributions() -> None:
    model = trained("binary", KNeighborsClassifier(9))
    assert (explain(model, ROWS.slice(0, 20), seed=1).values == explain(model, ROWS.slice(0, 20), seed=1).values).all()


def test_a_pipeline_that_mixes_columns_is_explained_by_asking() -> None:
    mixed = Pipeline(
        [
            (
                "columns",
                ColumnTransformer([("numbers", make_pipeline(SimpleImputer(), PCA(2)), ["strong", "weak", "noise"])]),
            ),
            ("model", LogisticRegression()),
        ]
    )
    found = explain(trained("binary", mixed), ROWS.slice(0, 50))
    assert found.method == "sampling"
    assert found.values[:, 2] == pytest.approx(0.0)  # dest is not read at all


def test_a_frame_without_rows_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no rows"):
        contributions(
            trained("binary", LogisticRegression()), Frame.of(ROWS.slice(0, 0), features=FEATURES, label="late")
        )


def test_derived_columns_are_traced_to_their_origin() -> None:
    X = np.array([["a", 1.0, 5.0], ["b", np.nan, 6.0], ["c", 3.0, 7.0]], dtype=object)
    names = ["text", "x", "y"]
    hot = ColumnTransformer(
        [
            ("skip", "drop", [2]),
            ("hot", OneHotEncoder(), [0]),
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), [1]),
        ],
        remainder="passthrough",
    ).fit(X)
    assert origins(hot, names) == ["text", "text", "text", "x"]
    flagged = SimpleImputer(add_indicator=True).fit(X[:, 1:])
    assert origins(flagged, ["x", "y"]) is None
    assert origins(PCA(1).fit(np.eye(3)), names) is None
    assert origins("passthrough", names) == names
