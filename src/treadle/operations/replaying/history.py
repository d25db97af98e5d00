"""The rows of a loop's source as they came: what was asked about in each stretch of time, and what became known in it."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from treadle.errors import InvalidInput

if TYPE_CHECKING:
    from treadle.datasets import DatasetVersion, Engine
    from treadle.loop import Loop

_CHUNK = timedelta(days=28)


@dataclass(frozen=True)
class Asked:
    """The rows whose time lies in one stretch: `columns` are what a request brings, `ids` name the predictions."""

    ids: list[str]
    times: list[datetime]
    columns: dict[str, list[Any]]

    def without(self, answered: set[str]) -> Asked:
        """The rows that were not answered yet."""
        keep = [place for place, each in enumerate(self.ids) if each not in answered]
        if len(keep) == len(self.ids):
            return self
        return Asked(
            [self.ids[i] for i in keep],
            [self.times[i] for i in keep],
            {name: [values[i] for i in keep] for name, values in self.columns.items()},
        )


@dataclass(frozen=True)
class Known:
    """What became known in one stretch: by prediction id, its label or signal, and when."""

    ids: list[str]
    values: list[Any]
    times: list[datetime]


class History:
    """Reads a dataset version of the loop's source in pieces of a month; nothing of it is kept longer than that.

    A row is asked about at its event time and its label becomes known when the row was created. Raises `InvalidInput` when the
    source says no event time.
    """

    def __init__(self, loop: Loop, version: DatasetVersion, engine: Engine) -> None:
        if loop.source.time is None:
            raise InvalidInput(
                f"The source {loop.source.name!r} has no time column, so its history cannot be lived again.",
                mend="Give the source time=….",
                field="source",
            )
        self._loop = loop
        self._version = version
        self._engine = engine
        self._time = loop.source.time
        self._created = loop.source.created or loop.source.time
        entities = (name for view in loop.views for name in view.entity)
        self._columns = list(dict.fromkeys([*entities, *loop.columns]))

    def asked(self, begin: datetime, end: datetime, every: timedelta) -> Iterator[tuple[datetime, Asked]]:
        """Stretch by stretch from `begin`, what is asked about in `[moment, moment + every)`; empty stretches too."""
        for start, stop in _pieces(begin, end, every):
            rows = self._rows(self._time, start, stop, self._columns)
            times = rows.pop(self._time)
            ids = rows.pop("treadle_id")
            for moment, first, after in _stretches(times, start, stop, every):
                columns = {name: values[first:after] for name, values in rows.items()}
                yield moment, Asked(ids[first:after], times[first:after], columns)

    def known(self, column: str, begin: datetime, end: datetime, every: timedelta) -> Iterator[tuple[datetime, Known]]:
        """Stretch by stretch from `begin`, the values of `column` that became known in `[moment, moment + every)`."""
        for start, stop in _pieces(begin, end, every):
            rows = self._rows(self._created, start, stop, [column], present=column)
            times, ids, values = rows[self._created], rows["treadle_id"], rows[column]
            for moment, first, after in _stretches(times, start, stop, every):
                yield moment, Known(ids[first:after], values[first:after], times[first:after])

    def count(self, begin: datetime, end: datetime) -> int:
        """How many rows are asked about in `[begin, end)`."""
        time = _quoted(self._time)
        table = self._engine.query(
            f"SELECT COUNT(*) AS n FROM source WHERE {time} >= $begin AND {time} < $end",
            {"source": self._version},
            {"begin": begin, "end": end},
        )
        return int(table["n"][0].as_py())

    def _rows(
        self, order: str, begin: datetime, end: datetime, columns: Sequence[str], present: str = ""
    ) -> dict[str, list[Any]]:
        key = " || '|' || ".join(f"CAST({_quoted(name)} AS VARCHAR)" for name in self._loop.source.key)
        wanted = ", ".join(_quoted(name) for name in dict.fromkeys([order, *columns]))
        there = f"AND {_quoted(present)} IS NOT NULL" if present else ""
        table = self._engine.query(
            f"SELECT {key} AS treadle_id, {wanted} FROM source WHERE {_quoted(order)} >= $begin AND {_quoted(order)} < $end "
            f"{there} ORDER BY {_quoted(order)}, treadle_id",
            {"source": self._version},
            {"begin": begin, "end": end},
        )
        return {name: table[name].to_pylist() for name in table.column_names}


def _pieces(begin: datetime, end: datetime, every: timedelta) -> Iterator[tuple[datetime, datetime]]:
    """Pieces of about a month that end between two stretches."""
    step = every * max(1, _CHUNK // every)
    while begin < end:
        yield begin, min(begin + step, end)
        begin += step


def _stretches(
    times: Sequence[datetime], begin: datetime, end: datetime, every: timedelta
) -> Iterator[tuple[datetime, int, int]]:
    first = 0
    while begin < end:
        after = bisect.bisect_left(times, min(begin + every, end), lo=first)
        yield begin, first, after
        first, begin = after, begin + every


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
