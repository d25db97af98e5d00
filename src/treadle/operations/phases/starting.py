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
    from treadle.registry import ModelVersion

WAITING = "waiting"
"""How a turn ends whose version may go on, but not yet."""
BY_ITSELF = "treadle"


class Starting:
    """Starts the rollout of the version that a loop's turn left waiting, unless a later turn made one that passed its gates.

    Whether a controller or a person turned the loop (`treadle run`) makes no difference; a version that was registered by hand
    is never started by itself.
    """

    name = "start"

    def __init__(self, rooms: ControlRooms, loops: Loops) -> None:
        self._rooms = rooms
        self._loops = loops

    def jobs(self, now: datetime) -> Iterator[Job]:
        for loop in self._loops:
            yield Job(loop.name, partial(self._start, loop, now))

    def _start(self, loop: Loop, now: datetime) -> Iterator[str]:
        if not loop.rollout.stages() or self._rooms.rollouts.active(loop.name) is not None:
            return
        version = self._waiting(loop, now)
        if version is None or any(each.version == version for each in self._rooms.rollouts.list(loop.name)):
            return
        why = "it passed every gate, and the rollout it waited for has ended"
        try:
            started = self._rooms.rollouts.start(loop.name, version, loop.rollout, by=BY_ITSELF, why=why)
        except Refused as refusal:  # a gate was asked again meanwhile
            self._rooms.registry.refuse(loop.name, version, refusal.message, principal=BY_ITSELF)
            yield f"version {version} of {loop.name} is refused: {refusal.message}"
        else:
            yield f"rollout of {started}"

    def _waiting(self, loop: Loop, now: datetime) -> int | None:
        """The version that the newest turn whose gates passed left waiting, or None."""
        asked = next(
            (each for each in self._rooms.retraining.list(loop.name, states=["succeeded"]) if each.version), None
        )
        since = (asked.as_of or asked.started_at) if asked is not None else None
        for version in self._made_since(loop, since, now):
            if version is None:
                break
            if version.status != "refused":
                still = version.status == "candidate" and version.number > self._champion(loop)
                return version.number if still else None
        if asked is None or asked.version is None or asked.outcome != WAITING:
            return None
        if self._rooms.registry.get(loop.name, asked.version).status != "candidate":
            return None  # a person has decided about it
        return asked.version

    def _made_since(self, loop: Loop, since: datetime | None, now: datetime) -> Iterator[ModelVersion | None]:
        """What turns after that moment made, newest turn first: no request tells of a turn by hand, its execution does.

        None is a turn that came to a version there was before; which one is not on record here.
        """
        turns = self._rooms.retraining.turns(loop.name, now, since=since)
        made = {each.execution: each for each in self._rooms.registry.versions(loop.name)} if turns else {}
        yield from (made.get(turn) for turn in turns)

    def _champion(self, loop: Loop) -> int:
        return next((each.champion or 0 for each in self._rooms.registry.models() if each.name == loop.name), 0)
