"""One look for everybody: what a hundred open pages show is read once, and pushed to them when it has changed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool

from treadle.errors import TreadleError


class Look:
    """Reads one topic again and again while somebody listens, and wakes the listeners when it says something else.

    `number` counts the changes, 0 before the first look; `problem` is why there will be no more.
    """

    def __init__(self, read: Callable[[], Any], stopping: asyncio.Event, every: float) -> None:
        self._read = read
        self._stopping = stopping
        self._every = every
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.listeners = 0
        self.number = 0
        self.text = ""
        self.problem = ""

    @property
    def over(self) -> bool:
        """Whether nobody looks any more."""
        return self._task is not None and self._task.done()

    def join(self) -> None:
        """Listen from now on; the first who does makes it look."""
        self.listeners += 1
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    def leave(self) -> None:
        """Listen no more; the last who does ends the looking."""
        self.listeners -= 1
        if not self.listeners and self._task is not None:
            self._task.cancel()

    async def wait(self, seconds: float) -> None:
        """Until something has changed, at most this long."""
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return

    async def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                text = json.dumps(await run_in_threadpool(self._read), sort_keys=True, default=str)
            except TreadleError as error:
                self.problem = error.message
                self._wake()
                return
            if text != self.text:
                self.text = text
                self.number += 1
                self._wake()
            try:
                await asyncio.wait_for(self._stopping.wait(), self._every)
            except TimeoutError:
                continue
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class Looks:
    """The looks that are going on, by topic and id."""

    def __init__(self, stopping: asyncio.Event, every: float) -> None:
        self._stopping = stopping
        self._every = every
        self._going: dict[tuple[str, str], Look] = {}

    def join(self, topic: str, id: str, read: Callable[[], Any]) -> Look:
        """The look at a topic, shared with all who want the same."""
        look = self._going.get((topic, id))
        if look is None or look.over:
            look = self._going[topic, id] = Look(read, self._stopping, self._every)
        look.join()
        return look

    def leave(self, topic: str, id: str, look: Look) -> None:
        """One listener less; what nobody wants is forgotten."""
        look.leave()
        if not look.listeners and self._going.get((topic, id)) is look:
            del self._going[topic, id]

    def __len__(self) -> int:
        return len(self._going)
