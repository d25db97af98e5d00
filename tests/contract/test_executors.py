"""Every executor passes the same suite: threads, child processes, and the calling thread itself."""

from __future__ import annotations

import os
import pickle
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from treadle.artifacts import ArtifactStore
from treadle.clock import SystemClock
from treadle.errors import InvalidInput, Refused
from treadle.lineage import Ref
from treadle.pipelines import Executor, Inline, Pickled, Processes, Step, StepContext, Threads, current_step
from treadle.pipelines.capture import Log, capturing
from treadle.pipelines.task import Gathered, Outcome, Task
from treadle.pipelines.values import save


@dataclass(frozen=True)
class Point:
    x: int
    table: pa.Table | None = None


class Stranger:
    n = 7


def add(a: int, b: int = 1) -> int:
    return a + b


def point(x: int) -> Point:
    return Point(x, pa.table({"x": [x]}))


def strange() -> Stranger:
    return Stranger()


def fail(a: int) -> int:
    raise ValueError(f"bad {a}")


def refuse() -> int:
    raise Refused("The gate did not pass.", mend="Train longer.", field="auc")


def leave() -> int:
    raise SystemExit(3)


def talk() -> int:
    print("out")
    print("err", file=sys.stderr)
    return 1


def who() -> list[Any]:
    current_step().produces(Ref("run", "r1"))
    current_step().uses(Ref("source", "s1"))
    return [current_step().execution, current_step().step, current_step().attempt]


def sleep(seconds: float) -> int:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.01)
    return 1


def burn(seconds: float) -> int:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass
    return 1


@dataclass
class Bench:
    """Starts tasks on an executor and waits for what comes out."""

    executor: Executor
    store: ArtifactStore
    clock: SystemClock = field(default_factory=SystemClock)
    outcomes: SimpleQueue[Outcome] = field(default_factory=SimpleQueue)

    def task(self, function: Any, arguments: dict[str, Any] | None = None, **options: Any) -> Task:
        step = Step(function, **options)
        return Task(StepContext("e1", step.name), step, arguments or {}, self.store, self.clock, Log())

    def start(self, task: Task) -> None:
        self.executor.start(task, self.outcomes.put)

    def run(self, function: Any, arguments: dict[str, Any] | None = None, **options: Any) -> Outcome:
        with capturing():
            self.start(self.task(function, arguments, **options))
            return self.outcomes.get(timeout=30)

    def log(self, outcome: Outcome) -> str:
        return self.store.get(outcome.log).decode() if outcome.log else ""


class ExecutorContract:
    """What a runner relies on."""

    @pytest.fixture
    def executor(self) -> Executor:
        raise NotImplementedError

    @pytest.fixture
    def bench(self, executor: Executor, tmp_path: Path) -> Iterator[Bench]:
        yield Bench(executor, ArtifactStore(tmp_path / "artifacts"))
        executor.release()

    def test_it_has_room_for_at_least_one(self, executor: Executor) -> None:
        assert executor.workers >= 1

    def test_a_result_is_kept_before_it_is_told(self, bench: Bench) -> None:
        outcome = bench.run(add, {"a": 2})
        assert (outcome.status, outcome.error, outcome.raised) == ("succeeded", "", None)
        assert outcome.output is not None
        assert outcome.output.take() == 3
        assert bench.store.get(outcome.output.saved.digest) == b"3"

    def test_inputs_are_taken_from_the_store(self, bench: Bench) -> None:
        two, three = save(2, bench.store), save(3, bench.store)
        assert bench.run(add, {"a": two, "b": three}).output.take() == 5  # type: ignore[union-attr]

    def test_gathered_inputs_come_as_a_list(self, bench: Bench) -> None:
        parts = Gathered((save(2, bench.store), save(3, bench.store)))
        assert bench.run(list_sum, {"parts": parts}).output.take() == 5  # type: ignore[union-attr]

    def test_dataclasses_and_tables_travel_both_ways(self, bench: Bench) -> None:
        first = bench.run(point, {"x": 4}).output
        assert first is not None
        found = first.take()
        assert (found.x, found.table.to_pydict()) == (4, {"x": [4]})
        assert bench.run(x_of, {"point": first}).output.take() == 4  # type: ignore[union-attr]

    def test_a_serializer_works(self, bench: Bench) -> None:
        assert bench.run(strange).status == "failed"
        outcome = bench.run(strange, serializer=Pickled())
        assert outcome.error == ""
        assert outcome.output is not None
        assert outcome.output.take().n == 7

    def test_a_failure_is_told_with_kind_message_and_line(self, bench: Bench) -> None:
        outcome = bench.run(fail, {"a": 3})
        assert (outcome.status, outcome.error, outcome.retryable) == ("failed", "ValueError: bad 3", True)
        assert outcome.where == f"{__file__}:{fail.__code__.co_firstlineno + 1}"
        assert "ValueError: bad 3" in bench.log(outcome)
        assert outcome.output is None

    def test_an_error_of_treadle_keeps_its_kind(self, bench: Bench) -> None:
        outcome = bench.run(refuse)
        assert isinstance(outcome.raised, Refused)
        assert (outcome.error, outcome.raised.field) == ("The gate did not pass. Train longer.", "auc")
        assert bench.log(outcome) == ""

    def test_an_input_that_is_gone_is_a_failure(self, bench: Bench) -> None:
        lost = save([1], bench.store)
        lost.forget()
        bench.store.path(lost.saved.digest).unlink()
        outcome = bench.run(add, {"a": lost})
        assert (outcome.status, "There is no artifact" in outcome.error) == ("failed", True)

    def test_leaving_python_harms_nobody_else(self, bench: Bench) -> None:
        assert bench.run(leave).error == "SystemExit: 3"
        assert bench.run(add, {"a": 1}).status == "succeeded"

    def test_what_it_prints_is_its_log(self, bench: Bench, capfd: pytest.CaptureFixture[str]) -> None:
        assert sorted(bench.log(bench.run(talk)).split()) == ["err", "out"]
        assert bench.log(bench.run(add, {"a": 1})) == ""
        assert capfd.readouterr().out == ""

    def test_the_step_knows_itself_and_what_it_notes_arrives(self, bench: Bench) -> None:
        outcome = bench.run(who)
        assert outcome.output is not None
        assert outcome.output.take() == ["e1", "who", 1]
        assert (outcome.used, outcome.produced) == ((Ref("source", "s1"),), (Ref("run", "r1"),))

    def test_what_it_costs_is_measured(self, bench: Bench) -> None:
        outcome = bench.run(burn, {"seconds": 0.2})
        assert 0.15 < outcome.usage.cpu_seconds < 5
        assert outcome.seconds > 0.1
        assert outcome.usage.peak_memory is None or 5e6 < outcome.usage.peak_memory < 5e10

    def test_every_task_is_told_once(self, bench: Bench) -> None:
        for number in range(6):
            bench.start(bench.task(add, {"a": number}, name=f"add_{number}"))
        found = [bench.outcomes.get(timeout=30) for _ in range(6)]
        assert sorted(one.output.take() for one in found if one.output) == [1, 2, 3, 4, 5, 6]
        assert bench.outcomes.empty()

    def test_it_can_be_released_and_used_again(self, bench: Bench) -> None:
        for _ in range(3):
            assert bench.run(add, {"a": 1}).status == "succeeded"
            bench.executor.release()


class Stoppable(ExecutorContract):
    """What runs elsewhere can also be asked to end."""

    def test_a_running_task_ends_when_it_is_stopped(self, bench: Bench) -> None:
        task = bench.task(sleep, {"seconds": 60.0})
        bench.start(task)
        time.sleep(0.3)
        bench.executor.stop(task)
        assert bench.outcomes.get(timeout=20).status in ("cancelled", "died")
        assert bench.run(add, {"a": 1}).status == "succeeded"

    def test_a_task_stopped_before_it_begins_never_runs(self, bench: Bench) -> None:
        task = bench.task(sleep, {"seconds": 60.0})
        task.context.stopped.set()
        bench.executor.stop(task)
        bench.start(task)
        assert bench.outcomes.get(timeout=20).status in ("cancelled", "died")

    def test_a_running_log_can_be_read(self, bench: Bench) -> None:
        task, tail, until = bench.task(talk_and_wait), None, time.monotonic() + 20
        with capturing():
            bench.start(task)
            while not tail and time.monotonic() < until:
                time.sleep(0.02)
                tail = bench.executor.tail(task, 8)
            bench.executor.stop(task)
            bench.outcomes.get(timeout=20)
        assert tail in ("waiting\n", "waiting")


def list_sum(parts: list[int]) -> int:
    return sum(parts)


def x_of(point: Point) -> int:
    return point.x


def talk_and_wait() -> int:
    print("waiting", flush=True)
    return sleep(60.0)


class TestInline(ExecutorContract):
    @pytest.fixture
    def executor(self) -> Executor:
        return Inline()


class TestThreads(Stoppable):
    @pytest.fixture
    def executor(self) -> Executor:
        return Threads()

    def test_released_threads_end(self, bench: Bench) -> None:
        assert _threads_left(0) == 0
        for _ in range(3):
            bench.run(add, {"a": 1})
        assert _threads_left(1) == 1
        bench.executor.release()
        assert _threads_left(0) == 0


def _threads_left(wanted: int) -> int:
    """How many threads wait for work, once there are as few as wanted or ten seconds have passed."""
    until = time.monotonic() + 10
    while True:
        found = sum(thread.name == "treadle-step" for thread in threading.enumerate())
        if found <= wanted or time.monotonic() > until:
            return found
        time.sleep(0.01)


def pid() -> int:
    return os.getpid()


def noise_from_below() -> int:
    os.write(1, b"from C\n")
    return 1


def die() -> int:
    os.kill(os.getpid(), 9)
    return 1


class TestProcesses(Stoppable):
    @pytest.fixture
    def executor(self) -> Executor:
        return Processes()

    def test_it_runs_in_a_child_that_is_used_again(self, bench: Bench) -> None:
        found = {bench.run(pid).output.take() for _ in range(2)}  # type: ignore[union-attr]
        assert len(found) == 1
        assert found != {os.getpid()}

    def test_what_libraries_write_below_python_is_caught_too(self, bench: Bench) -> None:
        assert bench.log(bench.run(noise_from_below)) == "from C\n"

    def test_a_child_that_dies_is_told_by_its_signal(self, bench: Bench) -> None:
        outcome = bench.run(die)
        assert (outcome.status, outcome.retryable) == ("died", True)
        assert outcome.error == "its process was ended by SIGKILL; the system may have run out of memory"
        assert bench.run(add, {"a": 1}).status == "succeeded"

    def test_the_child_keeps_results_as_durably_as_the_parent(self, tmp_path: Path, executor: Executor) -> None:
        from treadle.pipelines.executors.luggage import Luggage, packed

        bench = Bench(executor, ArtifactStore(tmp_path / "artifacts", durability="power"))
        _, luggage = msgspec.msgpack.decode(packed(bench.task(add), "log"))
        packed_up = pickle.loads(luggage)
        assert isinstance(packed_up, Luggage)
        assert packed_up.durability == "power"

    def test_closures_travel(self, bench: Bench) -> None:
        offset = 5

        def shifted(a: int) -> int:
            return add(a) + offset

        assert bench.run(shifted, {"a": 1}).output.take() == 7  # type: ignore[union-attr]

    def test_what_cannot_travel_is_named(self, bench: Bench) -> None:
        outcome = bench.run(add, {"a": threading.Lock()})
        assert isinstance(outcome.raised, InvalidInput)
        assert (outcome.raised.field, outcome.raised.mend) == (
            "a",
            "Open a inside the step, or drop isolated and timeout.",
        )

    def test_code_that_changed_on_the_disk_since_it_was_loaded_is_refused(
        self, bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        (tmp_path / "own_moving.py").write_text("def move(a): return a + 1\n")
        from own_moving import move  # type: ignore[import-not-found]

        assert bench.run(move, {"a": 1}).status == "succeeded"
        bench.executor.release()
        (tmp_path / "own_moving.py").write_text("def move(a): return a + 200\n")
        outcome = bench.run(move, {"a": 1})
        sys.modules.pop("own_moving")
        assert (outcome.status, "is not the code that this process has loaded" in outcome.error) == ("failed", True)

    @pytest.mark.skipif(sys.platform != "linux", reason="memory is reset per task on Linux only")
    def test_memory_is_the_tasks_own(self, bench: Bench) -> None:
        large, small = bench.run(hold, {"size": 300_000_000}), bench.run(hold, {"size": 1})
        assert large.usage.peak_memory is not None
        assert small.usage.peak_memory is not None
        assert large.usage.peak_memory > 300_000_000 > small.usage.peak_memory


def hold(size: int) -> int:
    return len(bytearray(b"x") * size)
