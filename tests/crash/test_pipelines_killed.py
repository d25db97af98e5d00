"""A pipeline is killed at random instants; what it had finished stays finished, and running again gives the right result."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from treadle.artifacts import ArtifactStore, References
from treadle.clock import SystemClock
from treadle.database import Database
from treadle.ids import RandomIds
from treadle.lineage import Lineage, Ref
from treadle.pipelines import Pipelines, StepRun
from treadle.pipelines.process import Process

PROGRAM = """
import os, sys, time
from pathlib import Path
from treadle.artifacts import ArtifactStore, References
from treadle.clock import SystemClock
from treadle.database import Database, apply_migrations
from treadle.ids import RandomIds
from treadle.lineage import Lineage
from treadle.pipelines import Pipeline, Pipelines, Step, step

def note(name):
    with open("ran.txt", "a") as file:
        file.write(name + "\\n")

def first(n: int, pause: float) -> int:
    note(f"first {n}")
    time.sleep(pause)
    return n

def second(x: int, pause: float) -> int:
    note(f"second {x}")
    time.sleep(pause)
    return x * x

def third(x: int, pause: float) -> list[int]:
    note(f"third {x}")
    return [x] * 1000

def sleeper() -> int:
    Path("child.pid").write_text(str(os.getpid()))
    time.sleep(120)
    return 1

def total(parts: list[list[int]]) -> int:
    note("total")
    return sum(map(sum, parts))

database = Database.sqlite(Path("treadle.db")); apply_migrations(database)
clock, store = SystemClock(), ArtifactStore(Path("artifacts"))
references, lineage = References(database, store, "p", clock), Lineage(database, "p", clock)
pipelines = Pipelines(database, store, references, lineage, "p", clock, RandomIds())
steps = [Step(sleeper, isolated=True)] if "sleeper" in sys.argv else []
for n in range(8):
    steps.append(Step(first, name=f"first_{n}", values={"n": n}))
    steps.append(Step(second, name=f"second_{n}", inputs={"x": f"first_{n}"}))
    steps.append(Step(third, name=f"third_{n}", inputs={"x": f"second_{n}"}))
steps.append(Step(total, inputs={"parts": [f"third_{n}" for n in range(8)]}))
print("ready", flush=True)
execution = pipelines.run(Pipeline("killed", steps), {"pause": 0.005})
print(execution.output("total"))
"""
EXPECTED = 1000 * sum(n * n for n in range(8))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "program.py").write_text(PROGRAM)
    return tmp_path


def _start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "program.py", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", process.communicate()
    return process


def _pipelines(folder: Path) -> tuple[Pipelines, ArtifactStore, Lineage]:
    database, clock = Database.sqlite(folder / "treadle.db"), SystemClock()
    store = ArtifactStore(folder / "artifacts")
    lineage = Lineage(database, "p", clock)
    return (
        Pipelines(database, store, References(database, store, "p", clock), lineage, "p", clock, RandomIds()),
        store,
        lineage,
    )


def test_killed_again_and_again_it_still_gets_there_and_repeats_no_finished_step(folder: Path) -> None:
    dice = random.Random(7)
    finished: dict[str, int] = {}  # step -> how often it had run when it was first seen on record as finished
    for _ in range(15):
        _run_for_a_while(folder, dice)
        ran = _ran(folder)
        assert {name: ran.count(_line(name)) for name in finished} == finished, "a finished step ran again"
        for run in _on_record(folder):
            finished.setdefault(run.name, ran.count(_line(run.name)))
        if "total" in finished:
            break
    out, err = _start(folder).communicate(timeout=60)
    assert out == f"{EXPECTED}\n", err
    ran = _ran(folder)
    assert {name: ran.count(_line(name)) for name in finished} == finished
    assert len(finished) > 3


def test_children_end_with_the_process_that_started_them(folder: Path) -> None:
    process, mark = _start(folder, "sleeper"), folder / "child.pid"
    _wait_for(lambda: mark.exists() and mark.read_text())
    child = Process(Process.this().machine, int(mark.read_text()), "")
    assert child.gone() is False
    process.kill()
    process.communicate()
    _wait_for(child.gone)
    assert child.gone() is True


def _run_for_a_while(folder: Path, dice: random.Random) -> None:
    """Kill it a moment after a few more steps have begun."""
    enough = len(_ran(folder)) + dice.randint(0, 5)
    process = _start(folder)
    _wait_for(lambda: len(_ran(folder)) >= enough or process.poll() is not None)
    time.sleep(dice.uniform(0.0, 0.01))
    process.kill()
    process.communicate()


def _on_record(folder: Path) -> list[StepRun]:
    """What the newest execution is known to have finished, with everything that belongs to it in place."""
    pipelines, store, lineage = _pipelines(folder)
    executions = pipelines.list()
    assert all(one.status in ("failed", "succeeded") for one in executions), "no process, so none runs"
    assert all(run.status != "running" for one in executions for run in one.steps)
    done = [(one, run) for one in executions[:1] for run in one.steps if run.done]
    for execution, run in done:
        assert store.get(str(run.output)), "what is on record as finished can be read"
        step = Ref("step", f"{execution.id}/{run.name}")
        assert step in lineage.upstream(Ref("artifact", str(run.output))).nodes, "and its lineage is there"
    return [run for _, run in done]


def _wait_for(happened: Callable[[], object]) -> None:
    until = time.monotonic() + 30
    while not happened() and time.monotonic() < until:
        time.sleep(0.002)


def _ran(folder: Path) -> list[str]:
    file = folder / "ran.txt"
    return file.read_text().splitlines() if file.exists() else []


def _line(name: str) -> str:
    """What a run of the step leaves in the file."""
    kind, _, n = name.partition("_")
    return kind if not n else f"{kind} {int(n) ** 2 if kind == 'third' else n}"
