"""Expire: whatever is older than retention keeps it, once a week of business time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from treadle.operations.phases.occasionally import Occasionally
from treadle.operations.phases.phase import Job

if TYPE_CHECKING:
    from treadle.operations.rooms import ControlRooms

EVERY = timedelta(days=7)
LOOK = EVERY / 24  # between two looks for what is due
REQUESTS, UNITS = "requests for turns", "units of rollouts"


class Expiring:
    """Deletes what `[retention]` lets go: of predictions endpoint by endpoint, of rollouts, and of requests for turns.

    Doing it twice, or by a holder that woke late, harms nobody.
    """

    name = "expire"

    def __init__(self, rooms: ControlRooms) -> None:
        self._rooms = rooms
        self._done = Occasionally()

    def jobs(self, now: datetime) -> Iterator[Job]:
        if not self._done.due("", now, LOOK):
            return
        for endpoint in self._rooms.observations.endpoints():
            if self._done.due(endpoint, now, EVERY):
                yield Job(endpoint, partial(self._expire, endpoint, now))
        for name, expire in ((UNITS, self._units), (REQUESTS, self._requests)):
            if self._done.due(name, now, EVERY):
                yield Job(name, partial(expire, now))
        self._done.mark("", now)

    def _expire(self, endpoint: str, now: datetime) -> Iterator[str]:
        from treadle.monitoring import retained_from

        kept = self._rooms.config.retention
        log, rows = retained_from(now, kept.prediction_log_days, kept.observation_days)
        gone = self._rooms.observations.expire(endpoint, log_before=log, rows_before=rows)
        self._done.mark(endpoint, now)
        if gone.segments:
            yield f"deleted {len(gone.segments):,} old segments of the log of {endpoint}"
        if gone.predictions or gone.feedback:
            yield f"deleted {gone.predictions:,} old predictions of {endpoint} and {gone.feedback:,} labels and signals"

    def _units(self, now: datetime) -> Iterator[str]:
        days = self._rooms.config.retention.observation_days
        gone = self._rooms.rollouts.expire(now - timedelta(days=days)) if days else 0
        self._done.mark(UNITS, now)
        if gone:
            yield f"deleted {gone:,} labelled units of rollouts that ended long ago"

    def _requests(self, now: datetime) -> Iterator[str]:
        days = self._rooms.config.retention.request_days
        gone = self._rooms.retraining.expire(now - timedelta(days=days)) if days else None
        self._done.mark(REQUESTS, now)
        if gone is not None and (gone.requests or gone.turns):
            yield f"deleted {gone.requests:,} old requests for turns and {gone.turns:,} marks of turns"
