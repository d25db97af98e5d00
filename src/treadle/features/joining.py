"""The point-in-time join over the data engine: which plan each view takes, and the rows back in their order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from treadle.datasets import DatasetVersion, Engine, Session
from treadle.features.asked import Asked
from treadle.features.history import history_sql
from treadle.features.layout import Layout
from treadle.features.prepared import compare, prepare
from treadle.features.straight import straight_sql, tied_sql, unique_sql

Columns = list[pa.ChunkedArray]
_MOMENT = pa.timestamp("us", tz="UTC")
# Looking for rivals of the matched rows costs with the rows asked for, of all rows with the version; the latter is remembered.
_FEW = 0.1
_REMEMBERED = 1_000
_NEVER = 2**62


class Joining:
    """Joins views to the rows asked for."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._unique: dict[tuple[object, ...], bool] = {}

    def join(self, asked: Asked, layouts: Sequence[tuple[Layout, DatasetVersion]]) -> list[Columns]:
        """The features of each view, in the order of the rows asked for."""
        found: dict[int, Columns] = {}
        straight = [
            index
            for index, (layout, version) in enumerate(layouts)
            if layout.straight and self._unique.get(_identity(layout, version), True)
        ]
        if straight:
            joined = self._straight(asked, [layouts[index] for index in straight])
            found = {index: columns for index, columns in zip(straight, joined, strict=True) if columns is not None}
        for index, (layout, version) in enumerate(layouts):
            if index not in found:
                found[index] = self._general(asked, layout, version)
        return [found[index] for index in range(len(layouts))]

    def _straight(self, asked: Asked, layouts: list[tuple[Layout, DatasetVersion]]) -> list[Columns | None]:
        """The features of views that need no more than an ASOF join; None for a view in which rows tie."""
        columns = {"row": pa.array(np.arange(len(asked.instants))), "t": _moments(asked.instants)}
        bounds = []
        for i, (layout, _) in enumerate(layouts):
            for j, column in enumerate(layout.entity):
                columns[f"v{i}_k{j}"] = asked.key(column, layout.view)
            ticks = asked.ticks(layout.view.every)
            columns[f"v{i}_tick"] = _moments(ticks)
            bounds.append(_bounds(ticks))
        table = pa.table(columns)
        sources = {f"source{i}": version for i, (_, version) in enumerate(layouts)}
        near = [
            i
            for i, (layout, version) in enumerate(layouts)
            if _identity(layout, version) not in self._unique and len(asked.instants) <= _FEW * version.rows
        ]
        with self._engine.session({"asked": table, **sources}) as session:
            found = _in_order(session.query(straight_sql([layout for layout, _ in layouts], bounds, near)))
            answers: list[Columns | None] = []
            for i, (layout, version) in enumerate(layouts):
                if i in near:
                    matched = {f"k{j}": table[f"v{i}_k{j}"] for j in range(len(layout.entity))}
                    session.add("matched", pa.table({**matched, "e": found[f"v{i}_e"]}))
                    clean = not session.rows(tied_sql(layout, i))[0][0]
                else:
                    clean = self._is_unique(session, layout, version, i)
                answers.append([found[f"v{i}_f{j}"] for j in range(len(layout.view.features))] if clean else None)
            return answers

    def _is_unique(self, session: Session, layout: Layout, version: DatasetVersion, index: int) -> bool:
        """Whether no rows of a version tie; a version never changes, so it is asked once."""
        identity = _identity(layout, version)
        if identity not in self._unique:
            if len(self._unique) >= _REMEMBERED:
                self._unique.clear()
            self._unique[identity] = bool(session.rows(unique_sql(layout, index))[0][0])
        return self._unique[identity]

    def _general(self, asked: Asked, layout: Layout, version: DatasetVersion) -> Columns:
        ticks = asked.ticks(layout.view.every)
        columns = {"row": pa.array(np.arange(len(ticks))), "t": pa.array(asked.instants), "tick": pa.array(ticks)}
        columns.update({f"k{j}": asked.key(column, layout.view) for j, column in enumerate(layout.entity)})
        with self._engine.session({"source": version, "asked": pa.table(columns)}) as session:
            facts = prepare(session, layout, *_bounds(ticks))
            found = _in_order(session.query(history_sql(layout, compare(session, layout, facts))))
            return [found[f"f{j}"] for j in range(len(layout.view.features))]


def _identity(layout: Layout, version: DatasetVersion) -> tuple[object, ...]:
    return (version.dataset, version.fingerprint, layout.view.entity, layout.time.name)


def _bounds(ticks: np.ndarray) -> tuple[int, int]:
    """The first and the last of instants; of none, two between which nothing lies."""
    return int(ticks.min(initial=_NEVER)), int(ticks.max(initial=-_NEVER))


def _moments(instants: np.ndarray) -> pa.Array:
    return pa.array(instants).cast(_MOMENT)


def _in_order(found: pa.Table) -> pa.Table:
    """The rows by their column `row`, which holds each of 0…n-1 once."""
    found = found.combine_chunks()
    places = np.empty(found.num_rows, dtype=np.int64)
    places[found["row"].to_numpy()] = np.arange(found.num_rows)
    return found.take(pa.array(places))
