"""What a turn looks from is on its request: what came in between the beginning of a tick and the start asks for the next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sklearn.linear_model import LogisticRegression

import treadle as td
from treadle.clock import ReplayClock
from treadle.operations import Lease, Memory
from treadle.operations.limits import Limits
from treadle.operations.loops import Loops
from treadle.operations.turns.order import TurnOrder
from treadle.operations.turns.turning import Turning
from treadle.retraining import Event
from treadle.workspace import Workspace

START = datetime(2013, 4, 1, tzinfo=UTC)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.open(tmp_path, clock=ReplayClock(START)) as opened:
        yield opened


class Process:
    """A turn's process that only keeps its order."""

    step, seconds, pid = "", 0.0, 0

    def __init__(self) -> None:
        self.orders: list[TurnOrder] = []

    def give(self, order: TurnOrder) -> None:
        self.orders.append(order)


def turning(workspace: Workspace, process: Process) -> Turning:
    source = td.Source("rows", td.csv("rows*.csv"), id="id", time="at")
    loop = td.Loop(
        "late", source=source, label=td.Label("y", task="binary"), features=["x"], train=[LogisticRegression()]
    )
    lease = Lease(workspace.database, project=workspace.project, clock=workspace.clock, holder="a")
    memory = Memory(workspace.database, project=workspace.project, clock=workspace.clock)
    made = Turning(cast("Any", workspace), Loops([loop]), memory, lease, Limits())
    made._spare = cast("Any", SimpleNamespace(take=lambda: process))
    return made


def test_what_comes_between_the_tick_and_the_start_is_not_answered(workspace: Workspace) -> None:
    asked, process = workspace.retraining.ask("late", reason="Try.", by="ada"), Process()
    jobs = list(turning(workspace, process).jobs(workspace.clock.now()))
    workspace.clock.advance(timedelta(seconds=10))  # type: ignore[attr-defined]
    workspace.retraining.receive(Event("/w", "1", "a.b"))
    workspace.clock.advance(timedelta(seconds=10))  # type: ignore[attr-defined]
    assert [line for job in jobs for line in job.run()] == ["late turns: Try."]
    assert [order.as_of for order in process.orders] == [START.isoformat()]
    workspace.retraining.finish(asked, "promoted")
    assert workspace.retraining.last_turn("late", workspace.clock.now())[0] == START
