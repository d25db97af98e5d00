"""Finding runs: one ordered walk of an index for each experiment, a page at a time.

A page is found by the values of the last run before it (keyset), never by counting rows, so the thousandth page costs what the
first does and runs logged meanwhile shift nothing. Runs that lack the first key of the order come in a second walk, after those
that have it. A condition that few runs fulfil is looked up first, through the index of its values.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from treadle.database import Database, Row
from treadle.tracking.filters.sql import TABLES, Sql
from treadle.tracking.filters.syntax import Filter
from treadle.tracking.narrowing import Narrowed, narrow
from treadle.tracking.order import Key
from treadle.tracking.token import Position


@dataclass(frozen=True)
class Found:
    """A run that a search found: its number, and its values of the order's keys."""

    run: int
    values: tuple[Any, ...]

    @property
    def position(self) -> Position:
        """Where it stands."""
        return Position(self.values, self.run)


class Search:
    """One search over some experiments."""

    def __init__(
        self, database: Database, tree: Filter | None, keys: Sequence[Key], *, deleted: bool | None = False
    ) -> None:
        self._database, self._tree, self._keys, self._deleted = database, tree, tuple(keys), deleted

    def page(self, experiments: Sequence[int], limit: int, after: Position | None) -> list[Found]:
        """The first `limit` runs after a position, over all the experiments."""
        walks = [self._walk(experiment, limit, after) for experiment in experiments]
        merged = heapq.merge(*walks, key=self._rank) if len(walks) > 1 else walks[0] if walks else iter(())
        return [found for found, _ in zip(merged, range(limit), strict=False)]

    def _rank(self, found: Found) -> tuple[Any, ...]:
        ranks: list[Any] = []
        for key, value in zip(self._keys, found.values, strict=True):
            ranks.append((value is None, _Reversed(value) if key.descending else value))
        return (*ranks, -found.run if self._keys[0].descending else found.run)

    def _walk(self, experiment: int, limit: int, after: Position | None) -> Iterator[Found]:
        """The runs of one experiment: those that have the first key, then those that lack it."""
        narrowed = narrow(self._database, self._tree, experiment)
        left = 0 if narrowed.empty else limit
        if left and (after is None or after.values[0] is not None):
            found = self._rows(experiment, narrowed, left, after, present=True)
            yield from found
            left -= len(found)
            after = None
        if left and not self._always(self._keys[0]):
            yield from self._rows(experiment, narrowed, left, after, present=False)

    def _rows(
        self, experiment: int, narrowed: Narrowed, limit: int, after: Position | None, *, present: bool
    ) -> list[Found]:
        sql = Sql(self._database.dialect)
        within = sql.bind(experiment)
        walked = present and not narrowed.rare
        source, columns = self._source(sql, walked=walked)
        conditions = [
            *self._joined(sql, within, columns[0], present=present, walked=walked),
            *self._conditions(sql, within, narrowed),
        ]
        if after is not None:
            conditions.append(self._after(sql, columns, after))
        order = ", ".join(self._order(columns, present=present, walked=walked))
        selected = ", ".join(f"{column} AS k{number}" for number, column in enumerate(columns))
        query = (
            f"SELECT r.key AS run, {selected} FROM {source} WHERE {' AND '.join(conditions)} ORDER BY {order} "
            f"LIMIT {sql.bind(limit)}"
        )
        return [_found(row, len(columns)) for row in self._database.read(query, sql.values)]

    def _source(self, sql: Sql, *, walked: bool) -> tuple[str, list[str]]:
        """The tables of a walk, and the column of each key in them; `walked`: along the index of the first key's values."""
        columns: list[str] = []
        source = "runs r"
        for number, key in enumerate(self._keys):
            columns.append(
                sql.ordered(key.of, f"r.{key.name}" if key.of == "attributes" else f"o{number}.value", key.name)
            )
            if key.of == "attributes":
                continue
            table = f"{TABLES[key.of]} o{number}"
            if number == 0 and walked:
                # CROSS JOIN keeps SQLite from changing the order: the index of the values is walked, and runs are looked up.
                source = f"{table} CROSS JOIN runs r"
            else:
                source += f" LEFT JOIN {table} ON o{number}.run = r.key AND o{number}.name = {sql.bind(key.name)}"
        return source, columns

    def _joined(self, sql: Sql, within: str, column: str, *, present: bool, walked: bool) -> list[str]:
        """What makes the walk one over the runs that have the first key, or over those that lack it."""
        key = self._keys[0]
        if self._always(key):
            return []
        known = f"{column} IS {'NOT ' if present else ''}NULL"
        if key.of == "attributes" or not walked:
            return [known]
        return [f"o0.experiment = {within} AND o0.name = {sql.bind(key.name)} AND o0.run = r.key", known]

    def _conditions(self, sql: Sql, within: str, narrowed: Narrowed) -> list[str]:
        # The plus keeps SQLite from walking the experiment when there are few runs to look up.
        conditions = [f"{'+' if narrowed.rare else ''}r.experiment = {within}"]
        conditions += [f"r.key IN ({sql.matches(group, within)})" for group in narrowed.rare]
        if self._deleted is not None:
            conditions.append(f"r.deleted_at IS {'NOT ' if self._deleted else ''}NULL")
        return [*conditions, *(sql.condition(part) for part in narrowed.rest)]

    def _after(self, sql: Sql, columns: list[str], after: Position) -> str:
        """Strictly behind a position: equal in the first keys and behind in the next one."""
        ways: list[str] = []
        equal: list[str] = []
        for number, (key, column, value) in enumerate(zip(self._keys, columns, after.values, strict=True)):
            certain = number == 0 or self._always(key)
            if value is None:
                equal.append(f"{column} IS NULL")
                continue
            bound, sign = sql.bind(value), "<" if key.descending else ">"
            behind = f"{column} {sign} {bound}" if certain else f"({column} {sign} {bound} OR {column} IS NULL)"
            ways.append(" AND ".join([*equal, behind]))
            equal.append(f"{column} = {bound}")
        sign = "<" if self._keys[0].descending else ">"
        ways.append(" AND ".join([*equal, f"r.key {sign} {sql.bind(after.run)}"]))
        return "(" + " OR ".join(f"({way})" for way in ways) + ")"

    def _order(self, columns: list[str], *, present: bool, walked: bool) -> list[str]:
        terms: list[str] = []
        for number, (key, column) in enumerate(zip(self._keys, columns, strict=True)):
            if number == 0 and not present:
                continue
            if number > 0 and not self._always(key):
                terms.append(f"CASE WHEN {column} IS NULL THEN 1 ELSE 0 END")
            terms.append(f"{column} {'DESC' if key.descending else 'ASC'}")
        # By the number in the table that leads the walk, so that its index gives the order by itself.
        leads = "o0.run" if walked and self._keys[0].of != "attributes" else "r.key"
        return [*terms, f"{leads} {'DESC' if self._keys[0].descending else 'ASC'}"]

    def _always(self, key: Key) -> bool:
        return key.of == "attributes" and key.name != "finished_at"


class _Reversed:
    """A value that sorts the other way round."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: _Reversed) -> bool:
        return other.value < self.value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reversed) and other.value == self.value


def _found(row: Row, keys: int) -> Found:
    return Found(row["run"], tuple(row[f"k{number}"] for number in range(keys)))
