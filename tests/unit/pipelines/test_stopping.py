"""Time-outs, cancellation, interruption, and executions whose process is gone."""

from __future__ import annotations

import _thread
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from treadle.clock import SystemClock, micros
from treadle.errors import Cancelled, Fenced, InvalidInput, StepFailed, TimedOut
from treadle.pipelines import Execution, Pipeline, Pipelines, Processes, Step, current_step
from treadle.testing import Ground


def load() -> int:
    return 20


def slow(load: int, seconds: float = 60.0) -> int:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.01)
    return load


def after(slow: int) -> int:
    return slow


def where(load: int) -> int:
    return os.getpid()


def kept(folder: str, seconds: float) -> int:
    """Sleeps only the first time."""
    mark = Path(folder, "mark")
    if not mark.exists():
        mark.write_text("")
        time.sleep(seconds)
    return 7


def started(pipelines: Pipelines, step: str) -> Execution:
    """The newest execution, once that step runs."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for execution in pipelines.list(1):
            if execution.step(step).status == "running":
                return execution
        time.sleep(0.01)
    pytest.fail("the step never started")


def behind(action: Callable[[], Any]) -> threading.Thread:
    thread = threading.Thread(target=action)
    thread.start()
    return thread


def test_an_isolated_step_runs_in_a_child_and_is_reused_like_any_other(local: Pipelines) -> None:
    pipeline = Pipeline("isolated", [load, Step(where, isolated=True)])
    execution = local.run(pipeline)
    assert execution.output("where") != os.getpid()
    assert local.run(pipeline).step("where").status == "cached"
    peak = execution.step("where").peak_memory
    assert peak is None or 5e6 < peak < 1e9


def test_every_step_can_run_in_children(tmp_path: Path, build: Callable[..., Pipelines]) -> None:
    pipelines = build(Ground.at(tmp_path), clock=SystemClock(), executor=Processes(1))
    assert pipelines.run(Pipeline("p", [load, where])).output("where") != os.getpid()


def test_a_resource_that_cannot_travel_is_named(local: Pipelines) -> None:
    def use(lock: Any) -> int:
        return 1

    with pytest.raises(StepFailed, match=r"'lock' \(lock\) cannot travel there.*Open lock inside the step") as caught:
        local.run(Pipeline("p", [Step(use, isolated=True)]), resources={"lock": threading.Lock()})
    assert isinstance(caught.value.__cause__, InvalidInput)


def test_a_step_that_takes_too_long_is_killed(local: Pipelines) -> None:
    with pytest.raises(TimedOut, match=r"Step 'slow' took longer than 0\.5 s and was ended"):
        local.run(Pipeline("p", [load, Step(slow, timeout=0.5), after]))
    [execution] = local.list()
    assert [(one.name, one.status) for one in execution.steps] == [
        ("load", "succeeded"),
        ("slow", "failed"),
        ("after", "skipped"),
    ]
    assert execution.step("slow").error == "it took longer than 0.5 s and was ended"


def test_a_time_out_is_tried_again(local: Pipelines, tmp_path: Path) -> None:
    pipeline = Pipeline(
        "p", [Step(kept, timeout=2, retries=1, backoff="10ms", values={"folder": str(tmp_path), "seconds": 60.0})]
    )
    execution = local.run(pipeline)
    assert (execution.output("kept"), execution.step("kept").attempts) == (7, 2)


@pytest.mark.parametrize("options", [{}, {"isolated": True}], ids=["thread", "child"])
def test_a_running_execution_can_be_cancelled_from_another_thread(local: Pipelines, options: Any) -> None:
    other = behind(lambda: local.cancel(started(local, "slow").id))
    with pytest.raises(Cancelled, match="was stopped") as caught:
        local.run(Pipeline("p", [load, Step(slow, **options), after]))
    other.join()
    [execution] = local.list()
    assert execution.status == "cancelled"
    assert [one.status for one in execution.steps] == ["succeeded", "cancelled", "cancelled"]
    assert f"resume='{execution.id}'" in caught.value.mend


def test_a_running_execution_can_be_cancelled_from_another_process(
    tmp_path: Path, build: Callable[..., Pipelines]
) -> None:
    """Which knows nothing of this one but the database."""
    here, elsewhere = (build(Ground.at(tmp_path), clock=SystemClock()) for _ in range(2))
    other = behind(lambda: elsewhere.cancel(started(elsewhere, "slow").id))
    assert here.run(Pipeline("p", [load, slow]), check=False).status == "cancelled"
    other.join()


def test_a_step_can_look_whether_it_should_stop(local: Pipelines) -> None:
    def patient() -> int:
        context = current_step()
        assert context.stopped.wait(30)
        context.check()
        return 1

    other = behind(lambda: local.cancel(started(local, "patient").id))
    assert local.run(Pipeline("p", [patient]), check=False).step("patient").status == "cancelled"
    other.join()


def test_a_thread_that_cannot_be_stopped_is_left_to_itself(local: Pipelines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("treadle.pipelines.runner.GRACE", 0.1)
    lock, inside = threading.Lock(), threading.Event()
    lock.acquire()

    def stuck(lock: Any, inside: Any) -> int:
        inside.set()
        lock.acquire()  # inside one call of a library, as it were
        return 1

    other = behind(lambda: inside.wait(30) and local.cancel(local.list(1)[0].id))
    execution = local.run(Pipeline("p", [stuck]), resources={"lock": lock, "inside": inside}, check=False)
    lock.release()
    other.join()
    assert execution.status == "cancelled"
    assert "runs on in its thread; isolated=True would end it" in str(execution.step("stuck").error)


def test_cancelling_while_waiting_for_another_attempt(local: Pipelines) -> None:
    def flaky() -> int:
        raise OSError("not yet")

    def waits() -> None:
        while not (local.list(1) and local.list(1)[0].step("flaky").error):
            time.sleep(0.01)
        local.cancel(local.list(1)[0].id)

    other = behind(waits)
    execution = local.run(Pipeline("p", [Step(flaky, retries=1, backoff="1h")]), check=False)
    other.join()
    assert (execution.status, execution.step("flaky").status) == ("cancelled", "cancelled")


@pytest.mark.parametrize("options", [{}, {"isolated": True}], ids=["thread", "child"])
def test_an_interruption_marks_the_execution_and_goes_on_up(local: Pipelines, options: Any) -> None:
    def interrupts() -> None:
        started(local, "slow")
        _thread.interrupt_main()

    other = behind(interrupts)
    with pytest.raises(KeyboardInterrupt):
        local.run(Pipeline("p", [load, Step(slow, **options)]))
    other.join()
    [execution] = local.list()
    assert (execution.status, execution.step("load").status, execution.step("slow").status) == (
        "cancelled",
        "succeeded",
        "cancelled",
    )
    again = local.run(Pipeline("p", [load, Step(slow, **options)]), {"seconds": 0.0})
    assert again.step("load").status == "cached"


def test_what_a_running_step_says_can_be_read(local: Pipelines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("treadle.pipelines.runner.BEAT", 0.05)
    seen: list[str] = []

    def talks() -> int:
        print("half way")
        return slow(1)

    def reads() -> None:
        execution = started(local, "talks")
        while not seen or not seen[-1]:
            seen.append(local.logs(execution.id, "talks"))
            time.sleep(0.01)
        local.cancel(execution.id)

    other = behind(reads)
    execution = local.run(Pipeline("p", [talks]), check=False)
    other.join()
    assert seen[-1] == "half way\n"
    assert local.logs(execution.id, "talks").startswith("half way\n")


def _abandoned(ground: Ground, pipelines: Pipelines, **owner: Any) -> str:
    """An execution that says it runs, under a process of our choosing."""
    execution = pipelines.run(Pipeline("p", [load]))
    row = {"status": "running", "seen_at": micros(ground.clock.wall()), **owner}
    changes = ", ".join(f"{name} = :{name}" for name in row)
    ground.database.execute(
        f"UPDATE executions SET {changes}, finished_at = NULL WHERE id = :id", {**row, "id": execution.id}
    )
    ground.database.execute("UPDATE execution_steps SET status = 'running' WHERE execution = :id", id=execution.id)
    return execution.id


def test_an_execution_whose_process_is_gone_is_found_and_marked(pipelines: Pipelines, ground: Ground) -> None:
    gone = _abandoned(ground, pipelines, process=999_999_999)
    found = pipelines.get(gone)
    assert (found.status, found.step("load").status, found.step("load").error) == (
        "failed",
        "failed",
        "its process ended",
    )
    assert "Its process ended before it did" in str(found.error)


def test_one_on_another_machine_is_believed_for_a_while(pipelines: Pipelines, ground: Ground) -> None:
    far = _abandoned(ground, pipelines, machine="far/boot/space")
    assert pipelines.get(far).status == "running"
    ground.clock.advance(timedelta(seconds=121))
    assert pipelines.get(far).status == "failed"


def test_ours_is_never_taken_for_dead(pipelines: Pipelines, ground: Ground) -> None:
    running = _abandoned(ground, pipelines)
    ground.clock.advance("10d")
    assert (pipelines.recover(), pipelines.get(running).status) == ([], "running")


def test_who_was_taken_for_dead_writes_nothing_more(local: Pipelines, tmp_path: Path) -> None:
    other = Ground.at(tmp_path)

    def ended_by_another(load: int) -> int:
        other.database.execute("UPDATE executions SET status = 'failed'")
        return load

    with pytest.raises(Fenced, match="ended by another process"):
        local.run(Pipeline("p", [load, ended_by_another]))
    [execution] = local.list()
    assert (execution.status, execution.step("ended_by_another").status) == ("failed", "running")


SCRIPT = """
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from treadle.artifacts import ArtifactStore, References
from treadle.clock import SystemClock
from treadle.database import Database, apply_migrations
from treadle.ids import RandomIds
from treadle.lineage import Lineage
from treadle.pipelines import Pipeline, Pipelines, step

SCALE = 10

@dataclass(frozen=True)
class Point:
    x: int
    process: int

def scaled(x: int) -> int:
    return SCALE * x

@step(isolated=True)
def point(x: int) -> Point:
    return Point(scaled(x), os.getpid())

@step(isolated=True)
def moved(point: Point) -> Point:
    return Point(point.x + 1, point.process)

def told(moved: Point) -> str:
    return f"{moved.x} {moved.process != os.getpid()}"

database = Database.sqlite(Path("t.db"))
apply_migrations(database)
clock, store = SystemClock(), ArtifactStore(Path("artifacts"))
references, lineage = References(database, store, "p", clock), Lineage(database, "p", clock)
pipelines = Pipelines(database, store, references, lineage, "p", clock, RandomIds())
execution = pipelines.run(Pipeline("script", [point, moved, told]), {"x": 4})
print(execution.output("told"), *(one.status for one in execution.steps))
"""


def test_a_script_needs_no_guard_and_its_own_classes_travel(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    said = [
        subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
        for _ in range(2)
    ]
    assert [(one.stdout, one.stderr) for one in said] == [
        ("41 True succeeded succeeded succeeded\n", ""),
        ("41 True cached cached cached\n", ""),
    ]
