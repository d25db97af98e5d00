"""Watch: monitors look at the windows that have closed; each window is judged once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from treadle.operations.phases.phase import Job

if TYPE_CHECKING:
    from treadle.loop import Loop
    from treadle.operations.loops import Loops
    from treadle.operations.rooms import ControlRooms


class Watching:
    """Runs the monitors of every loop that serves."""

    name = "watch"
    whole = True

    def __init__(self, rooms: ControlRooms, loops: Loops) -> None:
        self._rooms = rooms
        self._loops = loops

    def jobs(self, now: datetime) -> Iterator[Job]:
        for loop in self._loops:
            yield Job(loop.name, partial(self._watch, loop, now))

    def _watch(self, loop: Loop, now: datetime) -> Iterator[str]:
        for evidence in self._rooms.monitoring.watch(loop.watched, now):
            yield f"{evidence.check} of {loop.name}: {evidence.verdict.status}"
