"""Days of traffic, a canary and monitors, once in peace and once with the controller killed again and again: the same comes of it.

The project is put back between the two; business time stands in its file, so that both look from the same moments.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from treadle.clock import FileClock
from treadle.ids import RandomIds
from treadle.monitoring import LabelEntry
from treadle.operations import Controller, Lease
from treadle.serving import DataPlane
from treadle.testing.tiny import BEGIN, tiny_project, write_rows
from treadle.workspace import Workspace

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kill -9 is of POSIX systems")
START = datetime(2013, 3, 1, tzinfo=UTC)
DAYS, A_DAY = 4, 240
KILLS = int(os.environ.get("TREADLE_TEST_KILLS", "12"))


def prepared(root: Path) -> None:
    """A champion and a second version on its way, then days of requests with their labels in the prediction log."""
    tiny_project(root, rows=500, more="rollout=td.rollouts.Canary(steps=[0.5], samples=200, margin=0.05),")
    (root / ".treadle").mkdir()
    clock = FileClock(root / ".treadle" / "business_time")
    clock.move_to(START)
    with Workspace.open(root) as workspace:
        controller = Controller(workspace, root / "loop.py")
        for reason in ("first", "second"):
            request = workspace.retraining.ask("tiny", reason=reason, by="test")
            while workspace.retraining.get(request.id).open:
                assert controller.tick().failures == {}
                time.sleep(0.02)
            write_rows(root, 2, 200, begin=BEGIN + timedelta(hours=500))
        controller.close()
        rollout = workspace.rollouts.active("tiny")
        assert rollout is not None, workspace.retraining.list("tiny")
        clock.move_to(START + timedelta(days=DAYS + 1))
        asyncio.run(_traffic(root, workspace))
        clock.move_to(START)
    shutil.copytree(root, root.with_name("kept"))


async def _traffic(root: Path, workspace: Workspace) -> None:
    chance = random.Random(2013)
    plane = DataPlane(root / ".treadle", clock=workspace.clock, ids=RandomIds())
    await plane.start()
    await plane.roster.refresh()
    for number in range(DAYS * A_DAY):
        at = START + timedelta(days=number / A_DAY)
        x, z = chance.gauss(0, 1), chance.gauss(0, 1)
        tensors = [{"name": n, "shape": [1], "datatype": "FP32", "data": [v]} for n, v in (("x", x), ("z", z))]
        asked = {"id": f"p{number}", "inputs": tensors, "parameters": {"time": at.isoformat()}}
        await plane.infer("tiny", "", json.dumps(asked).encode())
        known = at + timedelta(hours=1)
        workspace.feedback.label("tiny", [LabelEntry(f"p{number}", x + 0.3 * z > 0, known)])
    await plane.close()


def day_by_day(root: Path, kills: int, chance: random.Random) -> dict[str, Any]:
    """Let the controller look once a day; before each look it is killed a few times in the middle of what it does."""
    clock = FileClock(root / ".treadle" / "business_time")
    for day in range(1, DAYS + 4):
        clock.move_to(START + timedelta(days=day, hours=2))
        for _ in range(kills):
            _dies(
                root, chance.choice(["repair", "collect", "roll", "watch", "tell", "deliver"]), chance.uniform(0, 0.06)
            )
        with Workspace.open(root) as workspace:
            controller = Controller(workspace, root / "loop.py")
            for _ in range(3):
                tick = controller.tick()
                assert tick.held
                assert tick.failures == {}
            controller.close()
    return outcome(root)


def _dies(root: Path, phase: str, seconds: float) -> None:
    """A controller in a forked process that dies that long after a phase has begun, or at the end of its tick."""
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        return
    try:
        workspace = Workspace.open(root)
        armed = threading.Timer(seconds, lambda: os.kill(os.getpid(), signal.SIGKILL))

        def arm(now: str, subject: str) -> None:
            if now == phase and subject and not armed.is_alive():
                armed.start()

        lease = Lease(workspace.database, project=workspace.project, clock=workspace.clock)
        Controller(workspace, root / "loop.py", lease=lease, on_phase=arm).tick()
    finally:
        os.kill(os.getpid(), signal.SIGKILL)


def outcome(root: Path) -> dict[str, Any]:
    """What came of it, without ids and instants of the machine."""
    with Workspace.open(root) as workspace:
        assert workspace.ledger.verify().ok
        (rollout,) = workspace.rollouts.list("tiny")
        seen = workspace.observations.predictions("tiny", START, START + timedelta(days=30))
        evidence = workspace.ledger.find(limit=10_000)
        return {
            "rollout": (rollout.state, rollout.stage, rollout.reason),
            "events": [(event.kind, event.at) for event in workspace.rollouts.events(rollout.id)],
            "champion": workspace.registry.get("tiny", "champion").number,
            "moves": [move.to_version for move in workspace.registry.history("tiny")],
            "served": [(v.version, v.weight) for v in workspace.endpoints.get("tiny").variants],
            "evidence": Counter((e.check, e.subject.kind, e.verdict.status, e.business_at) for e in evidence),
            "alerts": sorted((alert.key, alert.state, alert.times) for alert in workspace.alerts.list()),
            "predictions": sorted(map(repr, seen.select(["id", "version", "label"]).to_pylist())),
        }


def test_a_controller_that_is_killed_at_work_comes_to_the_same(tmp_path: Path) -> None:
    root = tmp_path / "project"
    prepared(root)
    in_peace = day_by_day(root, 0, random.Random(1))
    shutil.rmtree(root)
    shutil.copytree(root.with_name("kept"), root)
    killed = day_by_day(root, max(1, KILLS // DAYS), random.Random(2))
    assert len(in_peace["predictions"]) == DAYS * A_DAY
    assert in_peace["rollout"][0] == "promoted", in_peace["rollout"]
    for what, expected in in_peace.items():
        assert killed[what] == expected, what
