"""Collect: what was answered goes from the prediction logs into the index, exactly once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from treadle.operations.phases.phase import Job

if TYPE_CHECKING:
    from treadle.operations.rooms import ControlRooms


class Collecting:
    """Moves new log entries of every endpoint; its cursor lies in the same transaction, so a death repeats nothing."""

    name = "collect"
    whole = True

    def __init__(self, rooms: ControlRooms) -> None:
        self._rooms = rooms

    def jobs(self, now: datetime) -> Iterator[Job]:  # noqa: ARG002 - all there is, whenever it was answered
        for endpoint in self._rooms.endpoints.names():
            yield Job(endpoint, partial(self._collect, endpoint))

    def _collect(self, endpoint: str) -> Iterator[str]:
        collected = self._rooms.observations.collect(endpoint)
        if collected.rows:
            yield f"collected {collected.rows:,} predictions of {endpoint}"
