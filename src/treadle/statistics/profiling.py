"""The profile of a table: every column is read once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from treadle.datasets import Column, Engine, Session, TableLike
from treadle.errors import InvalidInput, NotFound
from treadle.statistics import queries
from treadle.statistics.cells import bars_of, cells_of, display_edges, fine_edges, quantiles, regroup, rounded
from treadle.statistics.routes import Measure, edges_like, numbers_of, repeats, route_of
from treadle.statistics.structs import ColumnStatistics, Histogram, Statistics


def profile(
    engine: Engine,
    table: TableLike,
    *,
    columns: Sequence[str] | None = None,
    bins: int = 30,
    like: Statistics | None = None,
) -> Statistics:
    """Measure `table`, or only its `columns`; histograms for display get `bins` bins.

    With `like`, fine histograms are counted over the edges of that profile, so that the two compare exactly; what lies outside
    its range falls into the outermost bins. The same rows give the same profile, also on other numbers of threads. Raises
    `NotFound` for a column that is not there.
    """
    if bins < 1:
        raise InvalidInput(f"bins must be 1 or more, not {bins}.", field="bins")
    with engine.session({"profiled": table}) as session:
        chosen = _chosen(session, columns)
        rows = queries.row_count(session)
        sample = queries.sample_rows(session, chosen, rows)
        measures = _measures(session, chosen, sample, bins, edges_like(like.columns) if like else {})
        scanned = [one for one in measures if one.route != "counted"]
        results = dict(zip((m.column.name for m in scanned), queries.measure(session, scanned), strict=True))
        found = [
            _counted(session, one, rows, bins)
            if one.route == "counted"
            else _measured(one, results[one.column.name], rows)
            for one in measures
        ]
    return Statistics(rows, tuple(found))


def _chosen(session: Session, names: Sequence[str] | None) -> list[Column]:
    from treadle.datasets import columns_of

    there = columns_of(session.query("SELECT * FROM profiled LIMIT 0"))
    if names is None:
        return list(there)
    by_name = {column.name: column for column in there}
    for name in names:
        if name not in by_name:
            raise NotFound.among("column", name, by_name, field="columns")
    return [by_name[name] for name in names]


def _measures(
    session: Session, columns: Sequence[Column], sample: pa.Table, bins: int, edges: Mapping[str, tuple[float, ...]]
) -> list[Measure]:
    ranges = queries.ranges(session, columns)
    measures = []
    for index, column in enumerate(columns):
        low, high = ranges.get(column.name, (None, None))
        values = sample.column(index)
        route = route_of(column, values, low, high)
        if route in ("counted", "named") or low is None:
            measures.append(Measure(column, route))
        elif route == "timed":
            first, last = queries.seconds(low), queries.seconds(high)
            bars = np.unique(np.linspace(first, last, bins + 1))
            cells = edges.get(column.name) or tuple(bars.tolist())
            measures.append(Measure(column, route, first, last, cells, tuple(bars.tolist())))
        else:
            measures.append(_numeric(session, column, values, (low, high), bins, edges.get(column.name)))
    return measures


def _numeric(
    session: Session,
    column: Column,
    values: pa.ChunkedArray,
    limits: tuple[Any, Any],
    bins: int,
    given: tuple[float, ...] | None,
) -> Measure:
    finite = all(math.isfinite(limit) for limit in limits)
    low, high = limits if finite else queries.finite_range(session, column)
    if low is None or high is None:
        return Measure(column, "measured", finite=False)
    numbers = numbers_of(values)
    bars = display_edges(numbers, float(low), float(high), bins)
    cells = given or tuple(fine_edges(numbers, float(low), float(high), bins).tolist())
    return Measure(column, "measured", low, high, cells, tuple(bars.tolist()), repeats(numbers), finite)


def _measured(one: Measure, found: Mapping[str, Any], rows: int) -> ColumnStatistics:
    column, count = one.column, found["count"]
    non_finite = found.get("non_finite", 0)
    numeric = one.route == "measured"
    cells = _cells(one.edges, found["cells"]) if found.get("cells") else None
    bars = regroup(cells, np.array(one.bars)) if cells and one.bars else None
    whole = column.type == "integer"
    low, high = (one.low, one.high) if numeric else (_moment(one.low, column), _moment(one.high, column))
    return ColumnStatistics(
        name=column.name,
        type=column.type,
        count=count,
        nulls=rows - count,
        distinct=min(found["distinct"], count),
        min=low,
        max=high,
        mean=_number(found.get("mean"), found.get("std")),
        std=_number(found.get("std")),
        quantiles=quantiles(cells, whole=whole, snap=one.snap) if numeric and cells else {},
        histogram=bars,
        cells=cells,
        other=count,
        zeros=found.get("zeros", 0),
        non_finite=non_finite,
        min_length=found.get("min_length"),
        max_length=found.get("max_length"),
    )


def _counted(session: Session, one: Measure, rows: int, bins: int) -> ColumnStatistics:
    column = one.column
    listed, totals = queries.value_counts(session, column)
    top = sorted(listed, key=lambda pair: -pair[1])[: queries.TOP]
    numeric: dict[str, Any] = {}
    if column.type == "integer" and listed:
        values = np.array([value for value, _ in listed], dtype=np.float64)
        counts = np.array([count for _, count in listed], dtype=np.int64)
        cells = cells_of(values, counts)
        mean = float(np.average(values, weights=counts))
        spread = float(np.average((values - mean) ** 2, weights=counts))
        total = int(counts.sum())
        numeric = {
            "min": float(values[0]),
            "max": float(values[-1]),
            "mean": rounded(mean),
            "std": rounded(math.sqrt(spread * total / (total - 1))) if total > 1 else None,
            "quantiles": quantiles(cells, whole=True, snap=True),
            "histogram": bars_of(values, counts, bins),
            "cells": cells,
            "zeros": next((count for value, count in listed if value == 0), 0),
        }
    return ColumnStatistics(
        name=column.name,
        type=column.type,
        count=totals["count"],
        nulls=rows - totals["count"],
        distinct=totals["distinct"],
        exact_distinct=True,
        top=tuple(top),
        other=totals["count"] - sum(count for _, count in top),
        min_length=totals["min_length"],
        max_length=totals["max_length"],
        **numeric,
    )


def _cells(edges: Sequence[float], counts: Sequence[int]) -> Histogram:
    """Cells from what the engine counted: at or below the first edge, between the edges, and perhaps above the last."""
    inside = list(counts[: len(edges)])
    inside[-1] += sum(counts[len(edges) :])
    return Histogram((edges[0], *edges), tuple(int(n) for n in inside))


def _number(value: float | None, scale: float | None = None) -> float | None:
    return None if value is None or not math.isfinite(value) else rounded(value, scale or 0.0)


def _moment(value: float | None, column: Column) -> str | None:
    if value is None:
        return None
    moment = datetime.fromtimestamp(value, tz=UTC)
    return moment.date().isoformat() if column.type == "date" else moment.isoformat()
