"""Deliver: messages that are due leave the outbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from treadle.operations.phases.phase import Job

if TYPE_CHECKING:
    from treadle.operations.rooms import ControlRooms


class Delivering:
    """Sends what is due, at least once and with a key by which a receiver knows a repetition."""

    name = "deliver"

    def __init__(self, rooms: ControlRooms) -> None:
        self._rooms = rooms

    def jobs(self, now: datetime) -> Iterator[Job]:  # noqa: ARG002 - deliveries are retried in operations time
        yield Job("outbox", self._deliver)

    def _deliver(self) -> Iterator[str]:
        sent = self._rooms.delivery.run_due()
        if sent:
            yield f"delivered {sent}"
