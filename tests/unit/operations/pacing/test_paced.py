"""A controller in a process of its own: it looks when it is told to, outlives its deaths, and leaves the lease to others."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from treadle.clock import FileClock, SystemClock
from treadle.errors import Conflict, Unavailable
from treadle.operations import Lease, Memory, PacedController
from treadle.testing.tiny import tiny_project, write_loop
from treadle.workspace import Workspace

NOW = datetime(2014, 1, 1, tzinfo=UTC)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Workspace]:
    root = tiny_project(tmp_path / "tiny", rows=400)
    mark = root / ".treadle" / "business_time"
    mark.parent.mkdir()
    FileClock(mark).move_to(NOW)
    with Workspace.open(root) as opened:
        yield opened


@pytest.fixture
def paced(project: Workspace) -> Iterator[PacedController]:
    root = project.config.root
    log = project.config.state / "controller.log"
    controller = PacedController(SystemClock(), root, root / "loop.py", log=log, patience=1.0)
    yield controller
    controller.close()


def turned(project: Workspace, paced: PacedController) -> str:
    """Ask for a turn, have the controller look once, and say what became of it."""
    request = project.retraining.ask("tiny", reason="by hand", by="test")
    assert paced.tick(NOW) == {}
    return project.retraining.get(request.id).state


def test_a_look_ends_with_the_turns_it_started(project: Workspace, paced: PacedController) -> None:
    assert turned(project, paced) == "succeeded"
    assert project.registry.get("tiny", "champion").number == 1
    assert not paced.turning
    assert (project.config.state / "controller.log").is_file()


def test_one_that_is_killed_is_started_again(project: Workspace, paced: PacedController) -> None:
    paced.tick(NOW)
    first = paced.pid
    os.kill(first, signal.SIGKILL)
    assert turned(project, paced) == "succeeded"
    assert paced.pid != first


def test_one_that_dies_time_after_time_is_given_up(project: Workspace, paced: PacedController) -> None:
    (project.config.root / "treadle.toml").write_text("[project\n")
    os.kill(paced.pid, signal.SIGKILL)
    with pytest.raises(Unavailable, match="3 times in a row"):
        paced.tick(NOW)
    said = (project.config.state / "controller.log").read_text()
    assert "treadle.toml" in said
    assert "Traceback" not in said


def test_while_another_controller_lives_it_does_nothing_and_says_so(project: Workspace, paced: PacedController) -> None:
    other = Lease(project.database, project=project.project, clock=SystemClock())
    assert other.try_acquire()
    with pytest.raises(Conflict, match="Another controller"):
        paced.tick(NOW)
    other.release()
    assert turned(project, paced) == "succeeded"


def test_what_keeps_it_from_working_is_said(project: Workspace, paced: PacedController) -> None:
    (project.config.state / "endpoints").write_text("in the way")
    with pytest.raises(Unavailable, match="endpoints"):
        paced.tick(NOW)


def test_project_checks_are_asked_also_by_one_that_was_started_again(
    project: Workspace, paced: PacedController
) -> None:
    assert turned(project, paced) == "succeeded"
    os.kill(paced.pid, signal.SIGKILL)
    asked = len(project.ledger.find(limit=1_000))
    paced.wait_for_proofs(60.0)
    assert len(project.ledger.find(limit=1_000)) > asked + 5


def test_closed_in_the_middle_of_a_turn_it_ends_at_once_and_for_good(
    project: Workspace, paced: PacedController
) -> None:
    turns = "import pathlib, sys, time; 'turning' in sys.argv[0] and (pathlib.Path('turns').touch(), time.sleep(60))"
    write_loop(project.config.root, code=turns.replace("'turns'", repr(str(project.config.root / "turns"))))
    request = project.retraining.ask("tiny", reason="by hand", by="test")
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(paced.tick, NOW)
        limit = time.monotonic() + 60
        while not (project.config.root / "turns").exists():
            assert time.monotonic() < limit
            time.sleep(0.05)
        paced.close()
        looking.result(5.0)
    assert (paced.pid, project.retraining.get(request.id).state) == (0, "running")
    held = Memory(project.database, project=project.project, clock=project.clock).get("turn:tiny")
    assert held is not None
    assert held["attempts"] == 0  # it ended politely: that was no death of the turn


def test_closed_it_leaves_the_lease_to_others(project: Workspace, paced: PacedController) -> None:
    paced.tick(NOW)
    pid = paced.pid
    paced.close()
    assert paced.pid == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert Lease(project.database, project=project.project, clock=SystemClock()).try_acquire()
