"""Triggers are shown how things stand; after a downtime what was missed is caught up with as the loop declares."""

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
from treadle.operations.loops import Loops
from treadle.operations.phases import Considering
from treadle.workspace import Workspace

START, HOUR, DAY = datetime(2013, 4, 1, tzinfo=UTC), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.open(tmp_path, clock=ReplayClock(START)) as opened:
        opened.retraining.turned("late", execution="e0", as_of=START)
        yield opened


def considering(workspace: Workspace, **more: Any) -> Considering:
    source = td.Source("rows", td.csv("rows*.csv"), id="id", time="at")
    label = td.Label("y", task="binary")
    more = {"retrain": [td.triggers.Cron("0 3 * * *")], "cooldown": None, **more}
    loop = td.Loop("late", source=source, label=label, features=["x"], train=[LogisticRegression()], **more)
    return Considering(cast("Any", workspace), Loops([loop]))


def look(workspace: Workspace, phase: Considering) -> list[str]:
    """One tick of it, and a run of whatever it asked for."""
    said = [line for job in phase.jobs(workspace.clock.now()) for line in job.run()]
    request = workspace.retraining.next("late")
    if request is not None:
        workspace.retraining.start(request)
        moment = request.as_of or workspace.clock.now()
        workspace.retraining.turned("late", execution=request.id, as_of=moment)
        workspace.retraining.finish(request, "promoted")
    return said


@pytest.mark.parametrize(
    ("catch_up", "looked_from"),
    [
        ("latest", [START + 3 * DAY + 12 * HOUR]),
        ("all", [START + days * DAY + 3 * HOUR for days in range(4)]),
        ("none", []),
    ],
)
def test_after_a_downtime_the_loop_catches_up_as_declared(
    workspace: Workspace, catch_up: str, looked_from: list[datetime]
) -> None:
    phase = considering(workspace, catch_up=catch_up)
    workspace.clock.move_to(START + 3 * DAY + 12 * HOUR)  # type: ignore[attr-defined]
    said = [line for _ in range(6) for line in look(workspace, phase)]
    ran = [each for each in reversed(workspace.retraining.list("late")) if each.ran]
    assert [each.as_of or each.started_at for each in ran] == looked_from
    assert len(said) == len(looked_from)
    missed = [each.why for each in workspace.retraining.list("late", all=True) if each.outcome == "missed"]
    assert len(missed) == (catch_up == "none")
    workspace.clock.move_to(START + 4 * DAY + 3 * HOUR + timedelta(minutes=1))  # type: ignore[attr-defined]
    assert len(look(workspace, phase)) == 1  # nobody missed that one


def test_the_cost_of_a_week_holds_back_until_there_is_room(workspace: Workspace) -> None:
    """A run an hour long costs 4; twice in seven days is too much for 7."""
    budget = td.triggers.Budget(cost=7.0, rate=4.0, per="7d")
    phase = considering(workspace, budget=budget)
    starts = []
    for _ in range(24 * 20):
        for job in phase.jobs(workspace.clock.now()):
            list(job.run())
        request = workspace.retraining.next("late")
        if request is not None:
            starts.append(workspace.clock.now())
            workspace.retraining.finish(workspace.retraining.start(request), "promoted", seconds=3_600.0)
        workspace.clock.advance(HOUR)  # type: ignore[attr-defined]
    assert [(later - first) for first, later in itertools.pairwise(starts)] == [7 * DAY, 7 * DAY]
    held = workspace.retraining.list("late", states=["held"])[0]
    assert held.why.startswith("Budget: 4.00 of 7 spent in 7d, and a run costs about 4.00; less from 2013-04-")
