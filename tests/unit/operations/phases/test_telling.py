"""Whatever is recorded about what is live becomes an alert, once, however the ledger is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from treadle.clock import SystemClock
from treadle.evidence import Subject, Verdict
from treadle.operations.memory import Memory
from treadle.operations.phases import Telling, telling
from treadle.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path):
    (tmp_path / "treadle.toml").write_text('[project]\nname = "p"\n')
    with Workspace.open(tmp_path) as opened:
        yield opened


def phase_of(workspace: Workspace) -> Telling:
    memory = Memory(workspace.database, project=workspace.project, clock=SystemClock())
    return Telling(cast("Any", workspace), cast("Any", []), memory)


def fail(workspace: Workspace, *checks: str, stage: Any = "live") -> None:
    for check in checks:
        workspace.ledger.record(check, stage, Subject("endpoint", "late"), Verdict.of(False, summary=f"{check}!"))


def told(workspace: Workspace, phase: Telling) -> list[str]:
    now = workspace.clock.now()
    return [line.split(": ", 1)[1] for job in phase.jobs(now) for line in job.run()]


@pytest.mark.parametrize("page", [1, 2, 3, 200])
def test_each_piece_of_evidence_is_told_once_in_its_order(workspace, monkeypatch, page) -> None:
    monkeypatch.setattr(telling, "_PAGE", page)
    phase = phase_of(workspace)
    fail(workspace, "before")
    assert told(workspace, phase) == []  # a ledger that was there before the first controller
    fail(workspace, "a", "b", "c")
    fail(workspace, "gate", stage="candidate")
    fail(workspace, "d")
    assert told(workspace, phase) == [f"{check} about late failed" for check in "abcd"]
    assert told(workspace, phase) == []
    fail(workspace, "e")
    assert told(workspace, phase_of(workspace)) == ["e about late failed"]
    assert [alert.check for alert in reversed(workspace.alerts.list())] == list("abcde")
