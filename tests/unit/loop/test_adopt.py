from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import treadle as td
from tests.unit.loop.conftest import customers, declare
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


def test_a_version_of_a_loop_reads_what_the_loop_reads_and_meets_the_champion(project: Path) -> None:
    loop = declare()
    with td.open(project) as workspace:
        first = workspace.turn(loop)
        assert first.version is not None
        versions = {each.name: workspace.datasets.get(each.name) for each in loop.sources}
        rows = workspace.feature_store.get_historical_features(
            pa.Table.from_pandas(customers(2_000).iloc[1200:], preserve_index=False),
            loop.views,
            time="at",
            versions=versions,
        ).to_pandas()
        columns = [*loop.views[0].columns, "age", "plan"]
        encoder = make_pipeline(
            make_column_transformer((OneHotEncoder(), ["plan"]), remainder=SimpleImputer()), LogisticRegression()
        )
        model = encoder.fit(rows[columns], rows["churned"])
        pushed = workspace.register(model, loop, data=rows)
        assert (pushed.model, pushed.number) == ("churn", first.version.number + 1)
        asked = {each.check: each.verdict for each in workspace.ledger.latest(pushed.subject)}
        assert "not_worse_than_champion" in pushed.gates
        assert "better_than_baseline" not in asked
        assert "champion" in asked["not_worse_than_champion"].summary
        plan = workspace.registry.document("churn", pushed.number, "lookup")
        assert plan == workspace.registry.document("churn", first.version.number, "lookup")


def test_a_model_by_name_must_say_its_task(tmp_path: Path) -> None:
    with td.open(tmp_path) as workspace, pytest.raises(InvalidInput) as caught:
        workspace.register(object(), "churn", data=customers(50), label="churned")
    assert caught.value.field == "task"
