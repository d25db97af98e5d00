"""The standard loop, turned for real on a tiny project."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import treadle as td
from treadle.errors import DeclarationError, Refused, StepFailed
from treadle.loop.frame import part_of

LoopOf = Callable[..., td.Loop]


def statuses(turn: Any) -> dict[str, str]:
    return {step.name: step.status for step in turn.execution.steps}


def test_a_turn_ends_with_a_served_champion_and_repeating_it_reuses_everything(project: Path, loop_of: LoopOf) -> None:
    with td.open(project) as workspace:
        first = workspace.turn(loop_of())
        assert first.release.outcome == "promoted"
        assert first.version.aliases == ("champion",)
        assert workspace.endpoints.get("churn").version == 1
        assert {e.verdict.status for e in first.verdicts} <= {"passed", "failed"}
        assert all(name in [e.check for e in first.verdicts] for name in first.version.gates)
        assert workspace.ledger.verify().ok
        assert "better_than_baseline" in first._repr_html_()
        assert "<td>age</td><td>real</td>" in first.ingest.versions["customers"]._repr_html_()

        again = workspace.turn(loop_of())
        assert again.version.number == 1
        assert again.release.outcome == "kept"
        reused = {name for name, status in statuses(again).items() if status == "cached"}
        assert {"clean", "join_features", "split", "train", "register"} <= reused


def test_metrics_are_those_of_the_packaged_file(project: Path, loop_of: LoopOf) -> None:
    with td.open(project) as workspace:
        turn = workspace.turn(loop_of())
        test = part_of(turn.execution.output("split"), "test")
        session = workspace.models.open(turn.version.digest)
        answers = session.predict(test).labels
        accuracy = np.mean([str(a) == str(b) for a, b in zip(answers, test["churned"].to_pylist(), strict=True)])
        assert turn.version.metrics["accuracy"] == pytest.approx(accuracy)


def test_training_twice_gives_equal_metrics_and_the_same_file(project: Path, loop_of: LoopOf) -> None:
    with td.open(project) as workspace:
        one = workspace.turn(loop_of())
        two = workspace.turn(loop_of(), use_cache=False)
        assert statuses(two)["train"] == "succeeded"
        assert two.version.digest == one.version.digest
        assert two.version.number == one.version.number
        assert two.judgement.evaluation.metrics == one.judgement.evaluation.metrics


def test_training_again_is_a_gate_for_those_who_ask(project: Path, loop_of: LoopOf) -> None:
    with td.open(project) as workspace:
        turn = workspace.turn(loop_of(gates=[td.checks.Reproducible()]))
        assert turn.training.again == turn.version.digest
        assert {e.check: e.verdict.status for e in turn.verdicts}["reproducible"] == "passed"


def test_a_version_that_fails_a_gate_is_kept_on_record_but_not_served(project: Path, loop_of: LoopOf) -> None:
    with td.open(project) as workspace:
        workspace.turn(loop_of())
        worse = loop_of(features=["plan"], gates=[td.checks.AtLeast("roc_auc", 0.999)])
        turn = workspace.turn(worse)
        assert turn.release.outcome == "refused"
        assert "at_least(roc_auc, 0.999)" in turn.release.reason
        assert turn.version.number == 2
        assert turn.version.status == "refused"
        assert workspace.endpoints.get("churn").version == 1
        with pytest.raises(Refused):
            workspace.registry.promote("churn", 2, why="I want it", principal="me")


def test_serving_follows_the_champion_forward_and_back(project: Path, loop_of: LoopOf) -> None:
    with td.open(project) as workspace:
        workspace.turn(loop_of())
        second = workspace.turn(loop_of(features=["age", "plan"]))
        assert second.release.outcome == "promoted"
        assert workspace.endpoints.get("churn").version == 2
        assert workspace.endpoints.get("churn").lookup is None
        workspace.registry.rollback("churn", why="it felt wrong", principal="me")
        served = workspace.endpoints.get("churn")
        assert served.version == 1
        assert served.lookup is not None


def test_a_version_that_passed_waits_while_another_is_rolled_out(project: Path, loop_of: LoopOf) -> None:
    canary = td.rollouts.Canary(steps=[0.5], samples=20)
    with td.open(project) as workspace:
        workspace.turn(loop_of(rollout=canary))
        second = workspace.turn(loop_of(features=["age", "plan"], rollout=canary))
        third = workspace.turn(loop_of(train=[LogisticRegression(C=0.5)], rollout=canary))
        assert (second.release.outcome, third.release.outcome) == ("rollout", "waiting")
        assert "waits until the rollout of version 2 has ended" in third.release.reason
        assert workspace.registry.get("churn", 3).status == "candidate"
        assert workspace.registry.get("churn", "champion").number == 1


def test_a_promotion_that_does_not_commit_moves_no_endpoint(project: Path, loop_of: LoopOf) -> None:
    with td.open(project) as workspace:
        workspace.turn(loop_of())
        workspace.turn(loop_of(features=["age", "plan"]))
        with pytest.raises(RuntimeError), workspace.database.transaction():  # noqa: PT012
            workspace.registry.rollback("churn", why="a try", principal="me")
            raise RuntimeError("the power went")
        assert workspace.registry.get("churn", "champion").number == 2
        assert workspace.endpoints.get("churn").version == 2


def test_a_turn_from_the_past_does_not_turn_live_features_back(project: Path, loop_of: LoopOf) -> None:
    with td.open(project) as workspace:
        loop = loop_of()
        workspace.turn(loop)
        before = workspace.online.tick(loop.views[0].table)
        workspace.turn(loop, as_of="2024-02-10")
        assert workspace.online.tick(loop.views[0].table) == before


def test_a_candidate_that_cannot_be_trained_does_not_stop_the_other(project: Path, loop_of: LoopOf) -> None:
    def broken(X: Any, y: Any, params: Any) -> Any:
        raise ValueError("no luck today")

    with td.open(project) as workspace:
        turn = workspace.turn(loop_of(train=[broken, LogisticRegression()]))
        assert turn.release.outcome == "promoted"
        assert "no luck today" in turn.training.failed["broken"]


def test_when_no_candidate_can_be_trained_the_champion_stays(project: Path, loop_of: LoopOf) -> None:
    def broken(X: Any, y: Any, params: Any) -> Any:
        raise ValueError("no luck today")

    with td.open(project) as workspace:
        workspace.turn(loop_of())
        with pytest.raises((StepFailed, td.errors.InvalidInput), match="no luck today"):
            workspace.turn(loop_of(train=[broken]))
        assert workspace.registry.get("churn", "champion").number == 1
        assert workspace.endpoints.get("churn").version == 1


@pytest.mark.parametrize(
    ("features", "says"),
    [
        (["ago"], "Did you mean 'age'"),
        (["known"], "leak the label"),
        (["at"], "models take numbers"),
    ],
)
def test_a_declaration_that_does_not_fit_the_data_names_its_line(
    project: Path, loop_of: LoopOf, features: list[str], says: str
) -> None:
    with td.open(project) as workspace, pytest.raises(DeclarationError, match=says) as caught:
        workspace.turn(loop_of(features=features))
    assert caught.value.where


def test_data_that_its_checks_block_stops_the_turn_before_training(project: Path, loop_of: LoopOf) -> None:
    file = project / "customers.csv"
    with td.open(project) as workspace:
        workspace.turn(loop_of())
        rows = pd.read_csv(file)
        pd.concat([rows, rows[:3]]).to_csv(file, index=False)
        with pytest.raises(Refused, match=r"(?s)customers@2 is not as expected.*3 "):
            workspace.turn(loop_of())
        assert workspace.registry.get("churn", "champion").number == 1


def test_too_few_rows_are_refused_with_the_account(project: Path, loop_of: LoopOf) -> None:
    with td.open(project) as workspace, pytest.raises(Refused, match="Too few rows"):
        workspace.turn(loop_of(), as_of="2024-01-01T05:00:00Z")


def test_regression_and_multiclass_turn_too(project: Path, loop_of: LoopOf) -> None:
    from sklearn.linear_model import Ridge

    source = td.Source("people", td.csv("customers.csv"), id="id")
    with td.open(project) as workspace:
        number = loop_of(
            name="age-model",
            source=source,
            label=td.Label("age", task="regression"),
            features=["churned", "plan"],
            train=[Ridge()],
        )
        kind = loop_of(
            name="plan-model",
            source=source,
            label=td.Label("plan", task="multiclass"),
            features=["age", "churned"],
            train=[LogisticRegression()],
        )
        for each in (number, kind):
            turn = workspace.turn(each)
            assert turn.execution.status == "succeeded"
            assert turn.version.gates
            assert turn.release.outcome in ("promoted", "refused")
