"""The SQL operators of a profile: a few queries that together read every column once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from treadle.clock import as_utc
from treadle.datasets import Column, Session, quoted
from treadle.statistics.routes import Measure

SAMPLE_SLICES = 10
SAMPLE_ROWS = 2048  # of each slice
TOP = 100


def row_count(session: Session) -> int:
    """How many rows there are."""
    return session.rows("SELECT count(*) FROM profiled")[0][0]


def sample_rows(session: Session, columns: Sequence[Column], rows: int) -> pa.Table:
    """Some 20,000 rows from evenly spaced places; all of a small table. The same rows every time."""
    chosen = ", ".join(_name(column) for column in columns)
    if rows <= SAMPLE_SLICES * SAMPLE_ROWS:
        return session.query(f"SELECT {chosen} FROM profiled")
    step = (rows - SAMPLE_ROWS) // (SAMPLE_SLICES - 1)
    slices = [f"(SELECT {chosen} FROM profiled LIMIT {SAMPLE_ROWS} OFFSET {i * step})" for i in range(SAMPLE_SLICES)]
    return session.query(" UNION ALL ".join(slices))


def ranges(session: Session, columns: Sequence[Column]) -> dict[str, tuple[Any, Any]]:
    """The least and greatest value of each column that has an order; Parquet files know them without being read."""
    ordered = [column for column in columns if column.type in ("integer", "real", "timestamp", "date")]
    if not ordered:
        return {}
    asked = ", ".join(f"min({_name(column)}), max({_name(column)})" for column in ordered)
    row = session.query(f"SELECT {asked} FROM profiled")
    values = [column[0].as_py() for column in row.columns]
    return {column.name: (values[2 * i], values[2 * i + 1]) for i, column in enumerate(ordered)}


def finite_range(session: Session, column: Column) -> tuple[float | None, float | None]:
    """The least and greatest finite value of a column with NaN or infinities."""
    name = _name(column)
    return session.rows(f"SELECT min({name}), max({name}) FROM profiled WHERE isfinite({name})")[0]


def measure(session: Session, measures: Sequence[Measure]) -> list[dict[str, Any]]:
    """The aggregates of `measured`, `timed` and `named` columns, all in one scan."""
    asked: list[str] = []
    names: list[tuple[int, str]] = []
    for index, one in enumerate(measures):
        for what, sql in _aggregates(one).items():
            names.append((index, what))
            asked.append(sql)
    found: list[dict[str, Any]] = [{} for _ in measures]
    if asked:
        row = session.rows(f"SELECT {', '.join(asked)} FROM profiled")[0]
        for (index, what), value in zip(names, row, strict=True):
            found[index][what] = value
    return found


def value_counts(session: Session, column: Column) -> tuple[list[tuple[Any, int]], dict[str, int]]:
    """The values of a column with their counts (all of a number, the `TOP` most frequent of a text), and totals over all values."""
    name = _name(column)
    lengths = "min(strlen(v)), max(strlen(v))" if column.type == "text" else "NULL, NULL"
    listed = "list((v, n) ORDER BY v)" if column.type == "integer" else f"list((v, n) ORDER BY n DESC, v)[:{TOP}]"
    row = session.rows(
        f"WITH grouped AS (SELECT {name} AS v, count(*) AS n FROM profiled WHERE {name} IS NOT NULL GROUP BY 1)"
        f" SELECT {listed}, count(*), coalesce(sum(n), 0), {lengths} FROM grouped"
    )[0]
    totals = {"distinct": row[1], "count": int(row[2]), "min_length": row[3], "max_length": row[4]}
    return [(value, count) for value, count in row[0] or ()], totals


def seconds(moment: date | datetime) -> float:
    """Seconds since 1970 of a timestamp or the beginning of a date."""
    whole = moment if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day)
    return as_utc(whole).timestamp()


def _aggregates(one: Measure) -> dict[str, str]:
    name = _name(one.column)
    found = {"count": f"count({name})", "distinct": f"approx_count_distinct({name})"}
    if one.route == "named":
        return {**found, "min_length": f"min(strlen({name}))", "max_length": f"max(strlen({name}))"}
    if one.route == "timed":
        number = f"epoch({name})"
    else:
        number = name if one.column.type == "real" else f"CAST({name} AS DOUBLE)"
        if not one.finite:
            found["non_finite"] = f"count_if(NOT isfinite({name}))"
            number = f"CASE WHEN isfinite({name}) THEN {name} END"
        found |= {"mean": f"avg({number})", "std": f"stddev_samp({number})", "zeros": f"count_if({name} = 0)"}
    if one.edges:
        listed = ", ".join(repr(float(edge)) for edge in one.edges)
        found["cells"] = f"map_values(histogram({number}, [{listed}]::DOUBLE[]))"
    return found


def _name(column: Column) -> str:
    return quoted(column.name)
