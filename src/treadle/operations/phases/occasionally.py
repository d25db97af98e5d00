"""What is done now and then, in business time, by a process that remembers when it did it last."""

from __future__ import annotations

from datetime import datetime, timedelta


class Occasionally:
    """When each thing was done last. A clock that jumped ahead and came back does not put it off for ever.

    >>> from datetime import UTC
    >>> noon, done = datetime(2013, 1, 1, 12, tzinfo=UTC), Occasionally()
    >>> done.mark("sweep", noon)
    >>> [done.due("sweep", noon + timedelta(hours=hours), timedelta(hours=2)) for hours in (0, 1, 2, -1, -2)]
    [False, False, True, False, True]
    """

    def __init__(self) -> None:
        self._last: dict[str, datetime] = {}

    def due(self, name: str, now: datetime, every: timedelta) -> bool:
        """Whether it was never done, or so long ago, or so far ahead of a clock that was set back."""
        last = self._last.get(name)
        return last is None or abs(now - last) >= every

    def mark(self, name: str, now: datetime) -> None:
        """It was done, or tried."""
        self._last[name] = now

    def forget(self, name: str) -> None:
        """It counts as never done."""
        self._last.pop(name, None)
