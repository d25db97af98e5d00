"""Roll: every rollout in flight looks at its observations and goes on, is promoted or rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from treadle.operations.phases.phase import Job

if TYPE_CHECKING:
    from treadle.operations.rooms import ControlRooms
    from treadle.rollouts import Rollout


class Rolling:
    """Advances rollouts; a rollout may be advanced again after a death at any instant."""

    name = "roll"
    whole = True

    def __init__(self, rooms: ControlRooms) -> None:
        self._rooms = rooms

    def jobs(self, now: datetime) -> Iterator[Job]:
        for model in self._rooms.registry.models():
            active = self._rooms.rollouts.active(model.name)
            if active is not None:
                yield Job(model.name, partial(self._advance, active, now))

    def _advance(self, before: Rollout, now: datetime) -> Iterator[str]:
        after = self._rooms.rollouts.advance(before.id, now)
        if (after.state, after.stage) != (before.state, before.stage):
            yield f"rollout of {after}"
