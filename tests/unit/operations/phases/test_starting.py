"""A version that had to wait for another's rollout gets its own when that has ended, once, and only if nothing newer came."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sklearn.linear_model import LogisticRegression

import treadle as td
from treadle.clock import ReplayClock
from treadle.evidence import Verdict
from treadle.operations.loops import Loops
from treadle.operations.phases import Starting
from treadle.testing.constant import constant_package
from treadle.workspace import Workspace

_answers = itertools.count()
CANARY = td.rollouts.Canary(steps=[0.5], samples=20)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """Version 1 serves, version 2 is being rolled out."""
    with Workspace.open(tmp_path, clock=ReplayClock(datetime(2013, 4, 1, tzinfo=UTC))) as opened:
        for _ in range(2):
            register(opened)
        opened.registry.promote("late", 1, why="good", principal="test")
        opened.rollouts.start("late", 2, CANARY, by="treadle")
        yield opened


def register(opened: Workspace, verdict: Any = "passed", execution: str | None = None) -> int:
    package = constant_package(opened.artifacts, float(next(_answers)))
    made = opened.registry.create_version(
        "late",
        package,
        execution=execution,
        gates=["g"],
        judge=lambda v: opened.ledger.record("g", "candidate", v.subject, Verdict(verdict)),
    )
    return made.number


def turned(opened: Workspace, outcome: str, version: int | None) -> None:
    request = opened.retraining.start(opened.retraining.ask("late", reason="why not", by="test"))
    opened.retraining.finish(request, outcome, version=version)


def turned_by_hand(opened: Workspace, verdict: Any = "passed") -> int:
    """A turn that no request tells of: it made a version, and is on record with its execution."""
    opened.clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]
    execution = f"e{next(_answers)}"
    version = register(opened, verdict, execution)
    if verdict != "passed":
        opened.registry.refuse("late", version, "a gate failed", principal="treadle")
    opened.retraining.turned("late", execution=execution, as_of=opened.clock.now())
    return version


def start(opened: Workspace, rollout: Any = CANARY) -> list[str]:
    """One tick of the phase."""
    source = td.Source("rows", td.csv("rows*.csv"), id="id", time="at")
    label = td.Label("y", task="binary")
    loop = td.Loop("late", source=source, label=label, features=["x"], train=[LogisticRegression()], rollout=rollout)
    phase = Starting(cast("Any", opened), Loops([loop]))
    return [line for job in phase.jobs(opened.clock.now()) for line in job.run()]


def end(opened: Workspace) -> None:
    active = opened.rollouts.active("late")
    assert active is not None
    opened.rollouts.abort(active.id, by="test", why="enough")


def in_flight(opened: Workspace) -> int | None:
    active = opened.rollouts.active("late")
    return None if active is None else active.version


def test_it_waits_for_the_other_and_starts_once(workspace: Workspace) -> None:
    turned(workspace, "waiting", register(workspace))
    assert (start(workspace), in_flight(workspace)) == ([], 2)
    end(workspace)
    (said,) = start(workspace)
    assert "late@3" in said
    assert in_flight(workspace) == 3
    assert workspace.rollouts.list("late")[0].why == "it passed every gate, and the rollout it waited for has ended"
    end(workspace)
    assert (start(workspace), in_flight(workspace)) == ([], None)  # trying it again is a person's decision


def test_a_newer_version_that_passed_takes_its_place_a_refused_one_does_not(workspace: Workspace) -> None:
    third, fourth = register(workspace), register(workspace)
    turned(workspace, "waiting", third)
    turned(workspace, "waiting", fourth)
    turned(workspace, "refused", register(workspace, "failed"))
    turned(workspace, "failed", None)
    end(workspace)
    start(workspace)
    assert in_flight(workspace) == fourth


@pytest.mark.parametrize("outcome", ["kept", "promoted", "rollout"])
def test_only_what_waits_is_started(workspace: Workspace, outcome: str) -> None:
    turned(workspace, "waiting", register(workspace))
    turned(workspace, outcome, register(workspace))
    end(workspace)
    assert (start(workspace), in_flight(workspace)) == ([], None)


def test_what_a_person_decided_meanwhile_stands(workspace: Workspace) -> None:
    third = register(workspace)
    turned(workspace, "waiting", third)
    workspace.registry.refuse("late", third, "not this one", principal="ana")
    end(workspace)
    assert (start(workspace), in_flight(workspace)) == ([], None)


def test_a_gate_that_failed_meanwhile_refuses_it(workspace: Workspace) -> None:
    third = register(workspace)
    turned(workspace, "waiting", third)
    workspace.ledger.record("g", "candidate", workspace.registry.get("late", third).subject, Verdict("failed"))
    end(workspace)
    (said,) = start(workspace)
    assert "version 3 of late is refused" in said
    assert workspace.registry.get("late", third).status == "refused"
    assert (start(workspace), in_flight(workspace)) == ([], None)


def test_what_a_turn_by_hand_left_waiting_is_started_once(workspace: Workspace) -> None:
    third = turned_by_hand(workspace)
    turned_by_hand(workspace, "failed")
    assert (start(workspace), in_flight(workspace)) == ([], 2)
    end(workspace)
    start(workspace)
    assert in_flight(workspace) == third
    end(workspace)
    assert (start(workspace), in_flight(workspace)) == ([], None)


def test_a_version_registered_by_hand_is_not_started(workspace: Workspace) -> None:
    end(workspace)
    register(workspace)
    register(workspace, execution="of somebody's own pipeline")
    assert (start(workspace), in_flight(workspace)) == ([], None)


def test_the_newest_turn_counts_whoever_asked_for_it(workspace: Workspace) -> None:
    turned(workspace, "waiting", register(workspace))
    by_hand = turned_by_hand(workspace)
    end(workspace)
    start(workspace)
    assert in_flight(workspace) == by_hand
    turned_by_hand(workspace)
    workspace.clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]
    turned(workspace, "waiting", last := register(workspace))
    end(workspace)
    start(workspace)
    assert in_flight(workspace) == last


def test_a_version_a_turn_by_hand_made_before_the_champion_is_passed_over(workspace: Workspace) -> None:
    turned_by_hand(workspace)
    end(workspace)
    workspace.registry.promote("late", register(workspace), why="better", principal="ana")
    assert (start(workspace), in_flight(workspace)) == ([], None)


def test_a_turn_by_hand_that_came_to_an_older_version_starts_nothing_it_cannot_name(workspace: Workspace) -> None:
    turned_by_hand(workspace)
    workspace.clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]
    workspace.retraining.turned("late", execution="all its steps were cached", as_of=workspace.clock.now())
    end(workspace)
    assert (start(workspace), in_flight(workspace)) == ([], None)


def test_without_stages_a_person_decides(workspace: Workspace) -> None:
    turned(workspace, "waiting", register(workspace))
    end(workspace)
    assert (start(workspace, td.rollouts.AtOnce()), in_flight(workspace)) == ([], None)
