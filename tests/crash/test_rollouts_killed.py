"""A process killed inside `Rollouts.advance`: the next one ends where an undisturbed one ends, and traffic is never left split.

Every instant of an advance can be met: the dying process counts the calls it makes, in the product and in what it stands on,
and kills itself at the n-th, or where a named function begins or has returned.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from treadle.clock import ReplayClock
from treadle.evidence import Subject, Verdict
from treadle.monitoring import LabelEntry
from treadle.operations import Controller
from treadle.registry import ModelVersion
from treadle.rollouts import Canary
from treadle.serving import DataPlane
from treadle.testing.constant import constant_package
from treadle.workspace import Workspace

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kill -9 is of POSIX systems")
NOW = datetime(2013, 4, 1, tzinfo=UTC)
RANDOM = max(4, int(os.environ.get("TREADLE_TEST_KILLS", "12")) // 3)  # for each of the three cases
STREETS = {
    "next": (Canary(steps=[0.3, 0.6], samples=20), None),
    "promoted": (Canary(steps=[0.5], samples=20), 1.0),
    "rolled_back": (Canary(steps=[0.5], samples=20), 0.0),
}
"""The plan and what turns out to be true; the champion always answers 0, the challenger 1."""

NAMED = (
    ("call", "looking.py", "look"),
    ("return", "looking.py", "look"),
    ("return", "store.py", "add_units"),
    ("return", "ledger.py", "record"),
    ("return", "store.py", "add_look"),
    ("return", "store.py", "tell"),
    ("return", "registry.py", "promote"),
    ("return", "registry.py", "refuse"),
    ("return", "store.py", "update"),
    ("call", "sqlite.py", "commit"),
    ("return", "sqlite.py", "commit"),
    ("call", "traffic.py", "serve"),
    ("call", "endpoints.py", "deploy"),
    ("call", "endpoints.py", "deploy_variants"),
    ("return", "traffic.py", "serve"),
    ("call", "traffic.py", "repair"),
)


@pytest.fixture(scope="module", params=sorted(STREETS))
def street(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any], int]:
    """A project whose rollout is due for something, what an undisturbed advance makes of it, and how many calls that takes."""
    kept = tmp_path_factory.mktemp("rollout") / "kept"
    plan, truth = STREETS[request.param]
    prepared(kept, plan, truth)
    peace = kept.with_name("peace")
    copied(kept, peace)
    with opened(peace) as workspace:
        rollout = workspace.rollouts.list("m")[0]
        rollout = workspace.rollouts.advance(rollout.id)
        assert (rollout.outcome or "next", rollout.stage) == (request.param, request.param == "next")
    expected = told(peace)
    calls = peace.with_name("calls")
    assert dies(copied(kept, kept.with_name("count")), never, counted=calls) == 0
    return kept, expected, int(calls.read_text())


def prepared(root: Path, plan: Canary, truth: float | None) -> None:
    """A champion, a challenger beside it, and two hundred answered requests."""
    root.mkdir()
    (root / "treadle.toml").write_text('[project]\nname = "p"\n')
    with opened(root) as workspace:
        for number in range(2):
            package = constant_package(workspace.artifacts, float(number))
            workspace.registry.create_version(
                "m", package, gates=["g"], judge=lambda version: passed(workspace, version)
            )
        workspace.registry.promote("m", 1, why="first", principal="test")
        workspace.rollouts.serve("m")
        workspace.rollouts.start("m", 2, plan, by="test")
        asyncio.run(asked(workspace, truth))
        workspace.observations.collect("m")


async def asked(workspace: Workspace, truth: float | None) -> None:
    plane = DataPlane(workspace.config.state, clock=workspace.clock, ids=workspace.ids)
    await plane.start()
    await plane.roster.refresh()
    tensors = [{"name": name, "shape": [1], "datatype": "FP32", "data": [1.0]} for name in ("a", "b")]
    for number in range(200):
        await plane.infer("m", "", json.dumps({"id": f"p{number}", "inputs": tensors}).encode())
        if truth is not None:
            workspace.feedback.label("m", [LabelEntry(f"p{number}", truth, NOW)])
    await plane.close()


def passed(workspace: Workspace, version: ModelVersion) -> None:
    workspace.ledger.record("g", "candidate", version.subject, Verdict("passed"))


def opened(root: Path) -> Workspace:
    return Workspace.open(root, clock=ReplayClock(NOW))


def copied(kept: Path, root: Path) -> Path:
    """The project as it was before."""
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(kept, root)
    for manifest in (root / ".treadle" / "endpoints").glob("*.json"):
        manifest.write_text(manifest.read_text().replace(str(kept), str(root)))
    return root


Instant = Callable[[str, str, str], bool]


def never(_event: str, _file: str, _function: str) -> bool:
    return False


def dies(root: Path, here: Instant, counted: Path | None = None) -> int:
    """Advance in a forked process that kills itself where `here` says; its exit status. `counted` gets the number of calls."""
    pid = os.fork()
    if pid:
        _, status = os.waitpid(pid, 0)
        return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    code = 1
    try:
        workspace = opened(root)
        rollouts, rollout = workspace.rollouts, workspace.rollouts.list("m")[0]
        calls = 0

        def seen(frame: Any, event: str, _argument: object) -> None:
            nonlocal calls
            calls += 1
            if here(event, Path(frame.f_code.co_filename).name, frame.f_code.co_name):
                os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(seen)
        rollouts.advance(rollout.id)
        sys.setprofile(None)
        if counted is not None:
            counted.write_text(str(calls))
        code = 0
    finally:
        os._exit(code)


def told(root: Path) -> dict[str, Any]:
    """Where the rollout and what hangs on it stand, without ids."""
    with opened(root) as workspace:
        assert workspace.ledger.verify().ok
        (rollout,) = workspace.rollouts.list("m")
        units = workspace.database.read("SELECT unit, place, treated, loss FROM rollout_units ORDER BY place")
        return {
            "rollout": (rollout.state, rollout.stage, rollout.reason, rollout.figures),
            "events": [event.kind for event in workspace.rollouts.events(rollout.id)],
            "looks": [look.number for look in workspace.rollouts.looks(rollout.id)],
            "units": units,
            "evidence": Counter(
                (e.check, e.subject.kind, e.verdict.status) for e in workspace.ledger.find(limit=1_000)
            ),
            "end": len(workspace.ledger.find(subject=Subject("model_version", "m@2"), check="canary")),
            "champion": workspace.registry.get("m", "champion").number,
            "moves": [move.to_version for move in workspace.registry.history("m")],
            "status": workspace.registry.get("m", 2).status,
            "served": served(workspace),
        }


def served(workspace: Workspace) -> list[tuple[int, float]]:
    return sorted((variant.version, variant.weight) for variant in workspace.endpoints.get("m").variants)


def expect_recovered(root: Path, expected: dict[str, Any]) -> None:
    """The next controller's first tick brings traffic to what the database says; then everything is as if nobody had died."""
    with opened(root) as workspace:
        assert {version for version, _ in served(workspace)} >= {1} or workspace.registry.get(
            "m", "champion"
        ).number == 2
        controller = Controller(workspace, [])
        tick = controller.tick()
        assert (tick.held, tick.failures) == (True, {})
        if workspace.rollouts.active("m") is None:
            assert served(workspace) == [(workspace.registry.get("m", "champion").number, 1.0)]
        controller.tick()
        controller.close()
    found = told(root)
    for what, value in expected.items():
        assert found[what] == value, what


def instants(calls: int) -> Iterator[tuple[str, Instant]]:
    """The named ones, and others spread over the whole of it by chance."""
    for event, file, function in NAMED:
        yield f"{event} {file} {function}", lambda e, f, n, at=(event, file, function): (e, f, n) == at
    chance = random.Random(2013)
    for place in range(RANDOM):
        number = int(calls * (place + chance.random()) / RANDOM)
        yield f"call {number} of {calls}", _at_call(number)


def _at_call(number: int) -> Instant:
    left = [number]

    def here(_event: str, _file: str, _function: str) -> bool:
        left[0] -= 1
        return left[0] < 0

    return here


def test_killed_inside_an_advance_the_next_controller_ends_where_it_would_have(
    street: tuple[Path, dict[str, Any], int], tmp_path: Path
) -> None:
    kept, expected, calls = street
    deaths = 0
    for name, here in instants(calls):
        root = copied(kept, tmp_path / "project")
        died = dies(root, here) == -signal.SIGKILL
        deaths += died
        try:
            expect_recovered(root, expected)
        except AssertionError as error:
            raise AssertionError(f"killed at {name}: {error}") from error
    assert deaths >= RANDOM + 10  # not every function is called in every case
