"""Attempts as threads of this process: nothing is copied, and what releases the interpreter lock runs side by side."""

from __future__ import annotations

import os
import sys
import threading
from queue import SimpleQueue

from treadle.errors import Cancelled
from treadle.pipelines.executors.port import Done
from treadle.pipelines.task import Outcome, Task, keep_log, perform, told
from treadle.pipelines.usage import Meter


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Threads:
    """The default executor. A thread cannot be killed: `stop` asks it to end at its next line of Python."""

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or max(2, processors())
        self._work: SimpleQueue[tuple[Task, Done, int] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._idle = 0
        self._released = 0
        self._meter = Meter()

    def start(self, task: Task, done: Done) -> None:
        with self._lock:
            spare = self._idle > 0
            self._idle -= spare
            self._work.put((task, done, self._released))
        if not spare:
            threading.Thread(target=self._serve, name="treadle-step", daemon=True).start()

    def stop(self, task: Task) -> bool:
        task.context.stopped.set()
        with task.inside:
            if task.thread is not None:
                _interrupt(task.thread)
        return False

    def sample(self) -> None:
        self._meter.sample()

    def tail(self, task: Task, length: int) -> str | None:
        return task.log.end(length) if task.log.changed else None

    def release(self) -> None:
        with self._lock:
            spare, self._idle = self._idle, 0
            self._released += 1
        for _ in range(spare):
            self._work.put(None)

    def _serve(self) -> None:
        while (work := self._work.get()) is not None:
            task, done, begun = work
            outcome = measured(task, self._meter)
            with self._lock:
                stays = begun == self._released  # else it was left to itself, and nobody counts on it
                self._idle += stays
            done(outcome)
            del work, task, done, outcome  # a thread that waits must not hold on to results
            if not stays:
                return


class Inline:
    """Attempts in the calling thread, one after the other: for a debugger, a notebook cell, a single step."""

    workers = 1

    def __init__(self) -> None:
        self._meter = Meter()

    def start(self, task: Task, done: Done) -> None:
        done(measured(task, self._meter))

    def stop(self, task: Task) -> bool:
        task.context.stopped.set()
        return False

    def sample(self) -> None:
        self._meter.sample()

    def tail(self, task: Task, length: int) -> str | None:
        return task.log.end(length) if task.log.changed else None

    def release(self) -> None:
        return None


def measured(task: Task, meter: Meter) -> Outcome:
    """Perform a task in this thread and measure it, whatever an interruption hits."""
    mark = meter.begin()
    try:
        outcome = perform(task)
        keep_log(outcome, task.log.text())
    except Cancelled as error:  # an interruption that arrived just after the function had returned
        outcome = Outcome(task, "cancelled", raised=error, error=str(error))
    except Exception as error:  # noqa: BLE001 - who waits for this outcome would wait for ever
        outcome = Outcome(task, "failed", raised=error, error=told(error, "")[0], where=task.step.where)
    outcome.usage = meter.end(mark)
    return outcome


class _Interrupted(Cancelled):
    """What is raised inside a thread from outside, where only a class can be given."""

    def __init__(self) -> None:
        super().__init__("The step was stopped while it ran.")


def _interrupt(thread: int) -> None:
    """Raise `Cancelled` in another thread at its next line of Python; CPython only, elsewhere the step runs to its end."""
    if sys.implementation.name == "cpython":
        import ctypes

        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(_Interrupted))
