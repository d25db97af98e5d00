from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import treadle as td
from treadle.monitoring import REFERENCE, Reference


def test_a_version_remembers_what_it_was_released_on(project: Path, loop_of: Callable[..., td.Loop]) -> None:
    with td.open(project) as workspace:
        turn = workspace.turn(loop_of())
        document = workspace.registry.document("churn", 1, REFERENCE)
        reference = Reference.from_document(document)
        assert set(reference.features) == {"regional__churned_mean_7d", "age", "plan"}
        assert reference.days == 60
        assert reference.rows == turn.execution.output("split").num_rows
        assert reference.features["age"].counts.total.sum() == reference.rows
        assert reference.features["plan"].known == {"free", "basic", "gold"}
        assert reference.made_of["datasets"] == {"customers": "customers@1"}
        assert reference.made_of["columns"]["customers"]["age"] == "real"
        assert workspace.monitoring.reference("churn", 1).document() == reference.document()


def test_the_remembered_quality_is_that_of_rows_that_were_not_learned_from(
    project: Path, loop_of: Callable[..., td.Loop]
) -> None:
    with td.open(project) as workspace:
        turn = workspace.turn(loop_of())
        reference = Reference.from_document(workspace.registry.document("churn", 1, REFERENCE))
        split = turn.execution.output("split")
        held_out = split.filter(np.asarray(split["treadle_split"]) != "train")
        session = workspace.models.open(turn.version.digest)
        labels = [str(value) for value in session.predict(held_out).labels]
        right = np.mean([said == str(true) for said, true in zip(labels, held_out["churned"].to_pylist(), strict=True)])
        assert reference.sums.value("accuracy", reference.outcomes.sum(axis=0)) == pytest.approx(right, abs=1e-9)
        assert reference.scores.counts.total.sum() == held_out.num_rows
        assert reference.labels.counts.total.sum() == split.num_rows


def test_a_loop_tells_what_is_to_be_watched(loop_of: Callable[..., td.Loop]) -> None:
    loop = loop_of(monitors=[td.checks.Drift(0.3), td.checks.QualityDrop("f1")], without=["label_drift"])
    names = [monitor.name for monitor in loop.watched.monitors]
    assert "drift(threshold=0.3)" in names
    assert "drift" not in names
    assert "label_drift" not in names
    assert {"quality_drop(roc_auc)", "quality_drop(f1)", "prediction_drift"} <= set(names)
    assert loop.watched.name == loop.watched.model == "churn"
