from __future__ import annotations

from pathlib import Path

import pytest
from sklearn.linear_model import LogisticRegression

import treadle as td
from tests.unit.loop.conftest import customers
from treadle.errors import InvalidInput


def test_a_model_trained_elsewhere_is_judged_promoted_and_opened(tmp_path: Path) -> None:
    rows = customers(300)[["age", "churned"]].astype({"age": "float32"})
    model = LogisticRegression().fit(rows[["age"]][:200], rows["churned"][:200])
    with td.open(tmp_path) as workspace:
        version = workspace.register(model, "churn", task="binary", data=rows[200:], label="churned")
        assert version.metrics["roc_auc"] > 0.5
        assert version.gates == ("parity_holds",)
        workspace.registry.promote("churn", version.number, why="it was good before", principal="me")
        session = workspace.models.open(workspace.registry.get("churn").digest)
        assert len(session.predict({"age": rows["age"].to_numpy()})) == 300


def test_a_label_that_is_not_there_is_named(tmp_path: Path) -> None:
    with td.open(tmp_path) as workspace, pytest.raises(InvalidInput) as caught:
        workspace.register(object(), "churn", task="binary", data=customers(50), label="churn")
    assert caught.value.field == "label"


def test_rows_must_be_a_table(tmp_path: Path) -> None:
    with td.open(tmp_path) as workspace, pytest.raises(InvalidInput, match="pandas DataFrame"):
        workspace.register(object(), "churn", task="binary", data=[1, 2], label="y")
