"""Consider: whether a trigger asks for another turn of a loop."""

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


class Considering:
    """Shows every loop's situation to its triggers; requests are recorded once, with their reason."""

    name = "consider"
    whole = True

    def __init__(self, rooms: ControlRooms, loops: Loops) -> None:
        self._rooms = rooms
        self._loops = loops

    def jobs(self, now: datetime) -> Iterator[Job]:
        for loop in self._loops:
            yield Job(loop.name, partial(self._consider, loop, now))

    def _consider(self, loop: Loop, now: datetime) -> Iterator[str]:
        plan = loop.retrain_plan
        situation = self._rooms.situation(loop, now)
        considered = self._rooms.retraining.consider(plan, situation)
        for request in considered.requests:
            yield f"{loop.name} is to turn again: {request.reason}"
