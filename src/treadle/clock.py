"""The two clocks: business time travels with the data, operations time measures the machine.

Event times, freshness, windows, cool-downs and expiry are **business** time: a year of flights can be replayed in a minute
through the code that production runs. Leases, deadlines, time-outs and latency are **operations** time and use the monotonic
clock, which no replay and no change of the wall clock can move. Both are handed in; nothing else in Treadle asks the time.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from treadle.errors import InvalidInput

_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


class Clock(Protocol):
    """What Treadle asks of time."""

    def now(self) -> datetime:
        """Business time, in UTC."""
        ...

    def wall(self) -> datetime:
        """The machine's own time in UTC, for people who read records."""
        ...

    def monotonic(self) -> float:
        """Seconds since some fixed moment; only differences mean anything."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait in operations time."""
        ...


class SystemClock:
    """Both clocks follow the machine: what production runs on."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def wall(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass
class ReplayClock(SystemClock):
    """Business time is moved by hand, operations time is the machine's: replays history through production code.

    >>> clock = ReplayClock(datetime(2013, 4, 1, tzinfo=UTC))
    >>> clock.advance(timedelta(hours=1)); clock.now().hour
    1
    """

    business: datetime = field(default_factory=lambda: datetime.now(UTC))

    def now(self) -> datetime:
        return self.business

    def advance(self, by: timedelta) -> None:
        """Move business time forward by `by`."""
        self.business += by

    def move_to(self, moment: datetime) -> None:
        """Set business time to `moment` (made UTC)."""
        self.business = as_utc(moment)


def as_utc(moment: datetime) -> datetime:
    """The same instant in UTC; a naive datetime is taken to be UTC already."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def micros(moment: datetime) -> int:
    """Microseconds since 1970-01-01 UTC, exactly: how instants are stored.

    >>> micros(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000000
    """
    delta = as_utc(moment) - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_micros(value: int) -> datetime:
    """The UTC instant of `value` microseconds since 1970-01-01.

    >>> from_micros(1_000_000).isoformat()
    '1970-01-01T00:00:01+00:00'
    """
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value)


def parse_moment(text: str, *, field: str = "time") -> datetime:
    """An ISO 8601 instant as UTC; raises `InvalidInput` that names the field.

    >>> parse_moment("2013-04-01").isoformat()
    '2013-04-01T00:00:00+00:00'
    """
    try:
        return as_utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError, TypeError) as error:
        raise InvalidInput(
            f"{text!r} is not a moment in time.", mend="Write it like 2013-04-01 or 2013-04-01T06:00:00Z.", field=field
        ) from error


def duration(value: str | timedelta, *, field: str = "duration") -> timedelta:
    """A `timedelta` from itself or from text such as `"90s"`, `"2h"`, `"7d"`, `"1d12h"`.

    Raises `InvalidInput` for anything else, for zero and for negative spans.

    >>> duration("1d12h")
    datetime.timedelta(days=1, seconds=43200)
    """
    result = value if isinstance(value, timedelta) else _span(value, field)
    if result <= timedelta(0):
        raise InvalidInput(
            f"{field} must be longer than zero, not {value!r}.", mend='Write a span such as "90s" or "2h".', field=field
        )
    return result


def _span(text: object, field: str) -> timedelta:
    wrong = InvalidInput(
        f"{text!r} is not a duration.",
        mend='Write a number and a unit: "90s", "15m", "2h", "7d", "1w".',
        field=field,
    )
    if not isinstance(text, str):
        raise wrong
    compact = text.replace(" ", "")
    parts = re.findall(r"([0-9]+(?:\.[0-9]+)?)(us|ms|[smhdw])", compact)
    if not parts or "".join(number + unit for number, unit in parts) != compact:
        raise wrong
    try:
        return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in parts))
    except OverflowError:
        raise wrong from None
