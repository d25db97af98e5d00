"""The two clocks: business time travels with the data, operations time measures the machine.

Event times, freshness, windows, cool-downs and expiry are **business** time: a year of flights can be replayed in a minute
through the code that production runs. Leases, deadlines, time-outs and latency are **operations** time and use the monotonic
clock, which no replay and no change of the wall clock can move. Both are handed in; nothing else in Treadle asks the time.
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from treadle.errors import InvalidInput

LONGEST = timedelta(days=36_525)
"""A hundred years: what is longer leads out of the calendar, and nobody means it."""
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


class FileClock(SystemClock):
    """Business time stands in a file that a replay moves on, so that every process of the project sees the same now.

    Where the file is missing or holds no instant, business time is the machine's.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: tuple[int, int] = (0, 0)
        self._business: datetime | None = None

    def now(self) -> datetime:
        try:
            status = self.path.stat()
        except OSError:
            return super().now()
        stamp = (status.st_mtime_ns, status.st_ino)
        if self._business is None or stamp != self._stamp:
            self._business, self._stamp = self._read(), stamp
        return self._business or super().now()

    def move_here(self, moment: datetime) -> None:
        """Set business time for this process alone, until the file is next replaced."""
        self._business = as_utc(moment)

    def move_to(self, moment: datetime) -> None:
        """Set business time for every process of the project; the file is replaced whole."""
        part = self.path.with_name(f"{self.path.name}.{os.getpid()}.part")
        part.write_text(as_utc(moment).isoformat(), "ascii")
        part.replace(self.path)
        self._business, status = as_utc(moment), self.path.stat()
        self._stamp = (status.st_mtime_ns, status.st_ino)

    def _read(self) -> datetime | None:
        try:
            return as_utc(datetime.fromisoformat(self.path.read_text("ascii").strip()))
        except (OSError, ValueError):
            return None


def project_clock(state: Path) -> SystemClock:
    """The clock of a project: replayed business time where a replay has left its mark, else the machine's."""
    path = state / "business_time"
    return FileClock(path) if path.exists() else SystemClock()


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

    Raises `InvalidInput` for anything else, for zero, for negative spans and for those that lead out of the calendar.

    >>> duration("1d12h")
    datetime.timedelta(days=1, seconds=43200)
    """
    result = value if isinstance(value, timedelta) else _span(value, field)
    if result <= timedelta(0):
        raise InvalidInput(
            f"{field} must be longer than zero, not {value!r}.", mend='Write a span such as "90s" or "2h".', field=field
        )
    if result > LONGEST:
        raise InvalidInput(
            f"{field} must be no longer than a hundred years, not {value!r}.",
            mend='Write a span such as "90d".',
            field=field,
        )
    return result


def in_words(span: timedelta) -> str:
    """A span of whole seconds as a sentence says it.

    >>> in_words(timedelta(days=28)), in_words(timedelta(hours=36)), in_words(timedelta(seconds=61))
    ('28 days', '1 day 12 hours', '1 minute 1 second')
    """
    left, parts = int(span.total_seconds()), []
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count:,} {unit}{'' if count == 1 else 's'}")
    return " ".join(parts) or "0 seconds"


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
