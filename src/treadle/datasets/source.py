"""A source: where rows come from, and what its columns mean in time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from treadle.datasets.declared import declared_at
from treadle.datasets.readers import Csv, Frame, Parquet, Reader
from treadle.errors import DeclarationError, suggest

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,99}")


@dataclass(frozen=True)
class Source:
    """Rows with a key, an event time and, optionally, the time at which they arrived.

    `id` names the column or columns that identify a row; `time` the moment the row is about (event time); `created` the moment
    its outcome became known. A later row with the same id is a correction of the earlier one.

    With `created` set, a row is known in two parts: the columns in `id`, `time` and `known` from the event time on, every other
    column (the outcome, the label among them) only from `created` on. A column left open counts as outcome, so forgetting one
    can hide it from the features but never leak it.

    Raises `DeclarationError` with the file and line.

    >>> import treadle.datasets as ds
    >>> flights = ds.Source("flights", ds.csv("f.csv"), id="flight_id", time="scheduled_at", created="landed_at", known=["dest"])
    >>> flights.known_columns(["flight_id", "scheduled_at", "landed_at", "dest", "late"])
    ('flight_id', 'scheduled_at', 'dest')
    >>> flights.outcome_columns(["flight_id", "scheduled_at", "landed_at", "dest", "late"])
    ('landed_at', 'late')
    """

    name: str
    reader: Reader
    id: str | Sequence[str] = field(kw_only=True)
    time: str | None = field(default=None, kw_only=True)
    created: str | None = field(default=None, kw_only=True)
    known: Sequence[str] | None = field(default=None, kw_only=True)
    declared_at: str = field(default="", kw_only=True, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "declared_at", self.declared_at or declared_at())
        self._check_kinds()
        object.__setattr__(self, "id", (self.id,) if isinstance(self.id, str) else tuple(self.id))
        if self.known is not None:
            object.__setattr__(self, "known", tuple(self.known))
        self._check_meaning()

    @property
    def key(self) -> tuple[str, ...]:
        """The id columns, always as a tuple."""
        return tuple(self.id)

    def known_columns(self, columns: Iterable[str]) -> tuple[str, ...]:
        """Those of `columns` whose value is known from the event time on."""
        names = tuple(columns)
        if self.created is None:
            return names
        early = {*self.key, *([self.time] if self.time else []), *(self.known or ())}
        return tuple(name for name in names if name in early)

    def outcome_columns(self, columns: Iterable[str]) -> tuple[str, ...]:
        """Those of `columns` whose value is known only from `created` on."""
        names = tuple(columns)
        known = set(self.known_columns(names))
        return tuple(name for name in names if name not in known)

    def check_columns(self, columns: Iterable[str]) -> None:
        """Raise `DeclarationError` when a column that this source names is not among `columns`."""
        names = tuple(columns)
        wanted = [("id", name) for name in self.key]
        wanted += [(part, name) for part, name in (("time", self.time), ("created", self.created)) if name]
        wanted += [("known", name) for name in self.known or ()]
        for part, name in wanted:
            if name not in names:
                raise self._error(
                    f"Source {self.name!r} names the column {name!r} as {part}, but the data has no such column.",
                    suggest(name, names),
                    part,
                )

    def _check_kinds(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise self._error(
                f"{self.name!r} cannot be the name of a source.",
                "Begin with a letter; use letters, digits, '_' and '-', at most 100.",
                "name",
            )
        if not isinstance(self.reader, Csv | Parquet | Frame):
            raise self._error(
                f"Source {self.name!r} reads from {type(self.reader).__name__}, which is no reader.",
                "Use csv(path), parquet(path) or frame(rows).",
                "reader",
            )
        if isinstance(self.known, str):
            raise self._error(
                f"known is a list of columns, not {self.known!r}.", f"Write known=[{self.known!r}].", "known"
            )
        for part, value in (("id", self.id), ("known", self.known)):
            if value is None or isinstance(value, str):
                continue
            if not isinstance(value, Iterable) or not all(isinstance(one, str) for one in value):
                raise self._error(f"{part} of source {self.name!r} must be column names, not {value!r}.", "", part)

    def _check_meaning(self) -> None:
        if not self.key or not all(self.key):
            raise self._error(
                f"Source {self.name!r} has no id.", "Name the column or columns that identify a row: id=…", "id"
            )
        if len(set(self.key)) != len(self.key):
            raise self._error(f"Source {self.name!r} names an id column twice: {self.key}.", "Name each once.", "id")
        if self.created is not None and self.time is None:
            raise self._error(
                f"Source {self.name!r} has created={self.created!r} but no time.",
                "Name the event time too: time=…",
                "time",
            )
        if self.known is not None and self.created is None:
            raise self._error(
                f"Source {self.name!r} says which columns are known early, but not when the others arrive.",
                "Name the column with the arrival time: created=…, or leave known out.",
                "created",
            )

    def _error(self, message: str, mend: str, part: str) -> DeclarationError:
        return DeclarationError(message, mend=mend, field=part, where=self.declared_at)
