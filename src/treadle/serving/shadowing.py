"""Shadows score what others answered, after the answer has left, in the order it came and no faster than they can."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from treadle.errors import TreadleError
from treadle.serving.question import Question
from treadle.serving.served import Served

_log = logging.getLogger("treadle.serving")
LONGEST_QUEUE = 256
"""Up to so many requests wait for the shadows of a process; what comes on top is dropped and counted."""


@dataclass(slots=True)
class Waiting:
    """A request that was answered, for the shadows of its endpoint; `now` is the business time it was asked at."""

    served: Served
    question: Question
    ids: list[str]
    keys: list[str]
    now: int


class Shadowing:
    """The queue before the shadows of one process, worked off by one task and one thread at a time.

    `score(waiting)` asks and logs; `dropped(endpoint)` counts what found no room; `leave(served)` says that it is done with.
    """

    def __init__(
        self, score: Callable[[Waiting], object], dropped: Callable[[str], None], leave: Callable[[Served], None]
    ) -> None:
        self._score = score
        self._dropped = dropped
        self._leave = leave
        self._queue: asyncio.Queue[Waiting] = asyncio.Queue(LONGEST_QUEUE)
        self._task: asyncio.Task[None] | None = None

    def add(self, waiting: Waiting) -> None:
        """Let the shadows score it soon, or drop it when too many wait already."""
        if self._queue.full():
            self._dropped(waiting.served.manifest.name)
            return
        waiting.served.asked += 1
        self._queue.put_nowait(waiting)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())

    async def drained(self) -> None:
        """Wait until nothing waits any more."""
        await self._queue.join()

    async def close(self) -> None:
        """Drop what still waits."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        while not self._queue.empty():
            self._leave(self._queue.get_nowait().served)

    async def _work(self) -> None:
        while True:
            waiting = await self._queue.get()
            try:
                await self._score(waiting)  # type: ignore[misc]
            except TreadleError as error:
                _log.warning("the shadow of %s: %s", waiting.served.manifest.name, error)
            finally:
                self._queue.task_done()
                self._leave(waiting.served)
