"""The controller killed in every phase and at random instants, stopped and woken: the next one goes on, and nothing is doubled."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from treadle.operations import Controller, Lease, Limits
from treadle.testing.tiny import tiny_project
from treadle.workspace import Workspace

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kill -9 is of POSIX systems")
PHASES = ("load", "repair", "collect", "roll", "watch", "tell", "consider", "turn", "deliver")


def dying(root: Path, phase: str, times: int = 0, *, seconds: float = 60.0, attempts: int = 99) -> int:
    """A controller in a forked process that kills itself when `phase` comes up for the n-th time, or is killed after `seconds`.

    Production code has no such hook, only somebody who listens. Returns the exit status.
    """
    import treadle.loop.standard  # noqa: F401 - what the children would import each for itself

    pid = os.fork()
    if pid:
        return _end_of(pid, seconds)
    try:
        left = times

        def die(now: str, _subject: str) -> None:
            nonlocal left
            left -= now == phase
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

        workspace = Workspace.open(root)
        lease = Lease(workspace.database, project=workspace.project, clock=workspace.clock, seconds=1.0)
        limits = Limits(attempts=attempts)
        controller = Controller(workspace, root / "loop.py", lease=lease, limits=limits, on_phase=die)
        controller.run(threading.Event(), every=0.02)
    finally:
        os._exit(1)


def _end_of(pid: int, seconds: float) -> int:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return 0


def finish(root: Path, *, attempts: int = 99, seconds: float = 60.0) -> tuple[Workspace, list[str]]:
    """A controller that goes on until no request is open; what it did."""
    workspace = Workspace.open(root)
    lease = Lease(workspace.database, project=workspace.project, clock=workspace.clock, seconds=1.0)
    controller = Controller(workspace, root / "loop.py", lease=lease, limits=Limits(attempts=attempts))
    done: list[str] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        done += controller.tick().done
        if not controller.turning and not any(request.open for request in workspace.retraining.list("tiny", all=True)):
            break
        time.sleep(0.02)
    controller.tick()
    controller.close()
    return workspace, done


def expect_one_turn(workspace: Workspace, requests: int = 1) -> None:
    """However often the controller died: one version, champion and served, every request ended once, the ledger whole."""
    assert [r.state for r in workspace.retraining.list("tiny", all=True)] == ["succeeded"] * requests
    assert [version.number for version in workspace.registry.versions("tiny")] == [1]
    assert workspace.registry.get("tiny", "champion").number == 1
    assert workspace.endpoints.get("tiny").version == 1
    assert len(workspace.registry.history("tiny")) == 1
    assert workspace.ledger.verify().ok
    gates = [e for e in workspace.ledger.find(stage="candidate", limit=1_000) if e.subject.id == "tiny@1"]
    assert max(Counter(e.check for e in gates).values()) == 1


def test_killed_in_any_phase_the_next_controller_goes_on(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "tiny", rows=300)
    with Workspace.open(root) as workspace:
        workspace.retraining.ask("tiny", reason="first", by="test")
    for phase in PHASES:
        if phase in ("collect", "roll"):  # nothing is served yet: they have no job, and so no one to die in
            continue
        assert dying(root, phase, 2) == -signal.SIGKILL, phase
    workspace, done = finish(root)
    expect_one_turn(workspace)
    assert any("took the lease" in line for line in done)
    workspace.close()


def test_killed_at_random_instants_it_resumes_with_the_same_moment(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "tiny", rows=300)
    chance = random.Random(2013)
    with Workspace.open(root) as workspace:
        request = workspace.retraining.ask("tiny", reason="first", by="test")
    for _ in range(2):
        assert dying(root, "never", seconds=1.0 + chance.uniform(0, 2.0)) == 0
    workspace, _ = finish(root)
    expect_one_turn(workspace)
    assert workspace.retraining.get(request.id).outcome in ("promoted", "kept")
    workspace.close()


def test_a_turn_that_dies_again_and_again_is_given_up_with_a_reason(tmp_path: Path) -> None:
    """The loop takes the whole controller with it, each time."""
    root = tiny_project(
        tmp_path / "tiny",
        rows=300,
        train="kills",
        code="""
import os, signal
def kills(X, y, params):
    os.kill(os.getppid(), signal.SIGKILL)
""",
    )
    with Workspace.open(root) as workspace:
        request = workspace.retraining.ask("tiny", reason="first", by="test")
    for _ in range(3):
        assert dying(root, "never", attempts=3) == -signal.SIGKILL
    workspace, done = finish(root, attempts=3)
    ended = workspace.retraining.get(request.id)
    assert (ended.state, "died 3 times" in ended.why) == ("failed", True), ended
    assert any("given up" in line for line in done)
    assert [alert.key for alert in workspace.alerts.list()] == ["turn/tiny"]
    workspace.close()


def test_a_stopped_controller_loses_to_the_next_and_waits_its_turn(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "tiny", rows=300, settings="[controller]\nlease = 1")
    first = _controller(root)
    second = None
    try:
        _until(lambda: _held(root) == 1)
        first.send_signal(signal.SIGSTOP)
        second = _controller(root)
        _until(lambda: _held(root) == 2)
        first.send_signal(signal.SIGCONT)
        told = _line(first, lambda tick: not tick["held"] and "passed on" in tick["failures"].get("lease", ""))
        assert told["epoch"] == 0
        time.sleep(1.5)
        assert _held(root) == 2
        second.kill()
        second.wait()
        _until(lambda: _held(root) == 3)
    finally:
        for each in (first, second):
            if each is not None and each.poll() is None:
                each.send_signal(signal.SIGCONT)
                each.terminate()
                assert each.wait(20) == 0
    with Workspace.open(root) as workspace:  # a controller that ends politely lets go at once
        row = workspace.database.one("SELECT holder, epoch FROM leases")
    assert row == {"holder": "", "epoch": 3}


def _controller(root: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "treadle.cli", "-C", str(root), "controller", "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _held(root: Path) -> int:
    with Workspace.open(root) as workspace:
        row = workspace.database.one("SELECT epoch FROM leases WHERE holder != ''")
    return 0 if row is None else row["epoch"]


def _line(process: subprocess.Popen[str], fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        try:
            document = json.loads(text)
        except ValueError:
            continue
        text = ""
        if fits(document):
            return document
    raise AssertionError("it said nothing of the kind")


def _until(true: Callable[[], bool], seconds: float = 40.0) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.1)
