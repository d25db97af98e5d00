"""Which windows have closed since a monitor last looked: a pure decision about instants."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from treadle.clock import from_micros, micros

MOST = 400  # windows of one monitor in one go: after a long silence the newest count


def closed_windows(
    *,
    now: datetime,
    first: datetime,
    judged: datetime | None,
    over: timedelta,
    every: timedelta,
    lag: timedelta = timedelta(0),
) -> Iterator[tuple[datetime, datetime]]:
    """The windows `[end − over, end)` whose end is a whole multiple of `every` since 1970, oldest first.

    `first` is when there was something to see for the first time: earlier windows would be half empty. `judged` is the end of
    the last window judged. `lag` is how long after its end a window stays open for labels.

    >>> day = lambda n: datetime(2013, 4, n)
    >>> ends = closed_windows(now=day(12), first=day(1), judged=None, over=timedelta(7), every=timedelta(1), lag=timedelta(1))
    >>> [end.day for _, end in ends]
    [8, 9, 10, 11]
    """
    step = micros_of(every)
    last = (micros(now) - micros_of(lag)) // step
    start = -(-(micros(first) // DAY_US * DAY_US + micros_of(over)) // step)
    if judged is not None:
        start = max(start, micros(judged) // step + 1)
    for number in range(max(start, last - MOST + 1), last + 1):
        yield from_micros(number * step - micros_of(over)), from_micros(number * step)


DAY_US = 86_400_000_000


def micros_of(span: timedelta) -> int:
    """A span in microseconds."""
    return span // timedelta(microseconds=1)
