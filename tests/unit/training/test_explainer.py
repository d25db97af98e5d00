"""A package explains its own answers: what the features add, and the base, is the answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from xgboost import XGBClassifier, XGBRegressor

from treadle.artifacts import ArtifactStore
from treadle.errors import InvalidInput
from treadle.models import ModelStore, Packager
from treadle.training import Candidate, Frame, candidates, explain, explain_package, explainer_of, train

FEATURES = ["distance", "dest", "hour"]


@pytest.fixture(scope="module")
def rows() -> pa.Table:
    draw = np.random.default_rng(3)
    n = 600
    distance, hour = draw.normal(1000, 300, n), draw.integers(5, 23, n).astype(float)
    dest = draw.choice(["IAH", "ORD", "MIA"], n)
    distance[::17] = np.nan
    odds = np.nan_to_num(distance, nan=1000) / 400 - 2.5 + (dest == "ORD") - hour / 20
    late = draw.random(n) < 1 / (1 + np.exp(-odds))
    split = np.array(["train", "train", "validation"])[np.arange(n) % 3]
    columns = {"distance": distance, "dest": dest, "hour": hour, "late": late, "delay": odds * 10, "split": split}
    return pa.table(columns)


def made(rows: pa.Table, estimator: Any, store: ArtifactStore, label: str, task: Any) -> tuple[Any, Any, Frame]:
    frame = Frame.of(rows, features=FEATURES, label=label, split="split")
    candidate: Candidate = candidates([estimator])[0]
    trained = train(frame, candidate, task=task)
    metadata, beside = explainer_of(trained)
    sample = rows.select(FEATURES).slice(0, 100)
    package = Packager(store).package(trained.estimator, trained.signature, sample, metadata=metadata, beside=beside)
    return package, trained, frame


def columns(rows: pa.Table) -> dict[str, Any]:
    return {name: np.array(rows[name].to_pylist(), dtype=object) for name in FEATURES}


CASES = [
    (XGBClassifier(n_estimators=20, max_depth=3, n_jobs=1), "late", "binary", "tree", 1e-4),
    (XGBRegressor(n_estimators=20, max_depth=3, n_jobs=1), "delay", "regression", "tree", 1e-3),
    (LogisticRegression(), "late", "binary", "linear", 1e-4),
    (LinearRegression(), "delay", "regression", "linear", 1e-3),
    (RandomForestClassifier(n_estimators=10, random_state=0), "late", "binary", "sampling", 1e-5),
]


@pytest.mark.parametrize(("estimator", "label", "task", "method", "near"), CASES, ids=lambda x: type(x).__name__)
def test_features_and_base_add_up_to_the_answer(
    rows: pa.Table, tmp_path: Path, estimator: Any, label: str, task: str, method: str, near: float
) -> None:
    store = ArtifactStore(tmp_path)
    package, _, _ = made(rows, estimator, store, label, task)
    models = ModelStore(store)
    session = models.open(package.digest)
    for position in (0, 1, 17):
        row = {name: rows[name][position].as_py() for name in FEATURES}
        found = explain_package(package, models, row, columns(rows.slice(100, 50)))
        assert found.method == method
        assert found.features == tuple(FEATURES)
        answer = session.predict({name: np.array([value], dtype=object) for name, value in row.items()})
        total = float(found.values.sum() + found.base[0])
        if found.unit == "log-odds":
            total = 1 / (1 + np.exp(-total))
        wanted = answer.labels[0] if answer.scores is None else answer.scores[0, -1]
        assert abs(total - float(wanted)) < near


def test_trees_say_the_same_as_the_estimator_did(rows: pa.Table, tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    package, trained, frame = made(rows, CASES[0][0], store, "late", "binary")
    told = explain(trained, frame.features.slice(0, 5))
    for position in range(5):
        row = {name: frame.features[name][position].as_py() for name in FEATURES}
        found = explain_package(package, ModelStore(store), row, {})
        np.testing.assert_allclose(found.values[0], told.values[position], atol=1e-5)
        np.testing.assert_allclose(found.base[0], told.base[position], atol=1e-5)


def test_a_linear_model_says_the_same_as_its_coefficients(rows: pa.Table, tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    package, trained, frame = made(rows, LogisticRegression(), store, "late", "binary")
    behind = frame.features.slice(100, 50)
    told = explain(trained, frame.features.slice(0, 1), background=behind)
    row = {name: frame.features[name][0].as_py() for name in FEATURES}
    found = explain_package(package, ModelStore(store), row, columns(behind))
    np.testing.assert_allclose(found.values, told.values, atol=2e-3)


def test_a_model_that_cannot_tell_by_itself_needs_other_rows(rows: pa.Table, tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    package, _, _ = made(rows, LogisticRegression(), store, "late", "binary")
    with pytest.raises(InvalidInput, match="no other rows"):
        explain_package(package, ModelStore(store), dict.fromkeys(FEATURES), {})


def test_equal_trainings_keep_equal_trees(rows: pa.Table, tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    digests = {made(rows, CASES[0][0], store, "late", "binary")[0].digest for _ in range(2)}
    assert len(digests) == 1
