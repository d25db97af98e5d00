"""The port that a runner hands attempts to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from treadle.pipelines.task import Outcome, Task

Done = Callable[[Outcome], None]


class Executor(Protocol):
    """Runs attempts somewhere else, at most `workers` at a time (the runner keeps count)."""

    @property
    def workers(self) -> int:
        """How many attempts one execution may have under way here."""
        ...

    def start(self, task: Task, done: Done) -> None:
        """Begin an attempt; `done` is called exactly once with what came out, from any thread. Does not raise for a task's sake."""
        ...

    def stop(self, task: Task) -> bool:
        """Ask an attempt to end; True when it is certain to, whatever it is doing."""
        ...

    def sample(self) -> None:
        """Look at what running attempts use; called a few times a second."""
        ...

    def tail(self, task: Task, length: int) -> str | None:
        """The newest `length` characters of a running attempt's log, or None when nothing was added since the last time."""
        ...

    def release(self) -> None:
        """An execution is over: let go of threads and processes that wait for work."""
        ...
