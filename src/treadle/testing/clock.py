"""Both clocks moved by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from treadle.clock import as_utc, duration


@dataclass
class FakeClock:
    """Stands still until told: `advance` moves business, wall and operations time alike, `sleep` only the latter two.

    >>> clock = FakeClock(); clock.advance("2h"); clock.now().isoformat(), clock.monotonic()
    ('2013-04-01T02:00:00+00:00', 7200.0)
    """

    business: datetime = field(default_factory=lambda: datetime(2013, 4, 1, tzinfo=UTC))
    machine: datetime = field(default_factory=lambda: datetime(2030, 1, 1, tzinfo=UTC))
    seconds: float = 0.0

    def now(self) -> datetime:
        return as_utc(self.business)

    def wall(self) -> datetime:
        return as_utc(self.machine)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.machine += timedelta(seconds=seconds)

    def advance(self, by: str | timedelta) -> None:
        """Let time pass: `"90s"`, `"2h"` or a `timedelta`."""
        span = duration(by)
        self.business += span
        self.sleep(span.total_seconds())
