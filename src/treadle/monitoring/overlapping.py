"""Windows that overlap are read once: the monitors of one look judge the last 7, 28 and 84 days of the same answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from treadle.clock import micros

if TYPE_CHECKING:
    import pyarrow as pa

Span = tuple[datetime, datetime]
Read = Callable[[datetime, datetime, Sequence[str]], "pa.Table"]
WIDER = 1.5  # a read may take so many times longer than asked for, if other windows have a use for it


def widened(span: Span, others: Iterable[Span]) -> Span:
    """The span together with the others that it overlaps, unless that would be much more to read.

    >>> day = lambda n: datetime(2013, 4, n)
    >>> [end.day for end in widened((day(1), day(8)), [(day(2), day(9)), (day(20), day(27))])]
    [1, 9]
    >>> [end.day for end in widened((day(8), day(9)), [(day(2), day(9))])]
    [8, 9]
    """
    begin, end = span
    near = [other for other in others if other[0] < end and begin < other[1]]
    low, high = min([begin, *(one[0] for one in near)]), max([end, *(one[1] for one in near)])
    return (low, high) if high - low <= WIDER * (end - begin) else span


class Overlapping:
    """Reads tables with a column `at`, oldest first, for `windows` that are known beforehand; gives each its slice."""

    def __init__(self, read: Read, windows: Sequence[Span]) -> None:
        self._read = read
        self._windows = windows
        self._held: dict[tuple[str, ...], list[tuple[Span, pa.Table]]] = {}

    def get(self, begin: datetime, end: datetime, columns: Sequence[str]) -> pa.Table:
        """The columns of `[begin, end)`; without `at` among them they are read for this window alone."""
        if "at" not in columns:
            return self._read(begin, end, columns)
        held = self._held.setdefault(tuple(columns), [])
        for span, table in held:
            if span[0] <= begin and end <= span[1]:
                return _between(table, begin, end)
        span = widened((begin, end), self._windows)
        table = self._read(*span, columns)
        held.append((span, table))
        return _between(table, begin, end)


def _between(table: pa.Table, begin: datetime, end: datetime) -> pa.Table:
    import numpy as np
    import pyarrow as pa

    at = table["at"].cast(pa.int64()).to_numpy()
    low, high = np.searchsorted(at, [micros(begin), micros(end)])
    return table.slice(low, high - low)
