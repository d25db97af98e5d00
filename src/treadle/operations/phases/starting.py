"""Start: a version that passed its gates while another was rolled out gets its own rollout when that has ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from treadle.errors import Refused
from treadle.operations.phases.phase import Job

if TYPE_CHECKING:
    from treadle.loop import Loop
    from treadle.operations.loops import Loops
    from treadle.operations.rooms import ControlRooms

WAITING = "waiting"
"""How a turn ends whose version may go on, but not yet."""
BY_ITSELF = "treadle"


class Starting:
    """Starts the rollout of the version that a loop's turn left waiting, unless a later turn made one that passed its gates."""

    name = "start"

    def __init__(self, rooms: ControlRooms, loops: Loops) -> None:
        self._rooms = rooms
        self._loops = loops

    def jobs(self, now: datetime) -> Iterator[Job]:  # noqa: ARG002 - a version waits for another, not for a date
        for loop in self._loops:
            yield Job(loop.name, partial(self._start, loop))

    def _start(self, loop: Loop) -> Iterator[str]:
        version = self._waiting(loop)
        if version is None or not loop.rollout.stages() or self._rooms.rollouts.active(loop.name) is not None:
            return
        why = "it passed every gate, and the rollout it waited for has ended"
        try:
            started = self._rooms.rollouts.start(loop.name, version, loop.rollout, by=BY_ITSELF, why=why)
        except Refused as refusal:  # a gate was asked again meanwhile
            self._rooms.registry.refuse(loop.name, version, refusal.message, principal=BY_ITSELF)
            yield f"version {version} of {loop.name} is refused: {refusal.message}"
        else:
            yield f"rollout of {started}"

    def _waiting(self, loop: Loop) -> int | None:
        made = next(
            (each for each in self._rooms.retraining.list(loop.name, states=["succeeded"]) if each.version), None
        )
        if made is None or made.version is None or made.outcome != WAITING:
            return None
        if self._rooms.registry.get(loop.name, made.version).status != "candidate":
            return None  # a person has decided about it
        if any(each.version == made.version for each in self._rooms.rollouts.list(loop.name)):
            return None
        return made.version
