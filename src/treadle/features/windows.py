"""What windowed aggregates gather from rows, and how that becomes their values: the same in every plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from treadle.features import exact
from treadle.features.aggregates import Aggregate
from treadle.features.exact import Span
from treadle.features.layout import Group, Layout
from treadle.features.rows import usable

WINDOWED = ("mean", "sum", "count", "min", "max")
EXTREMES = ("min", "max")


@dataclass(frozen=True)
class Window:
    """The aggregates of one group over one span of time (but for `last`); `tag` names their columns in SQL."""

    tag: str
    over_us: int
    aggregates: tuple[Aggregate, ...]

    @property
    def has_extremes(self) -> bool:
        """Whether least or greatest values are among them, which no running sum can give."""
        return any(a.function in EXTREMES for a in self.aggregates)


def windows_of(group: Group, tag: str) -> list[Window]:
    """The windows of a group, in the order of their first use."""
    found: dict[int, list[Aggregate]] = {}
    for aggregate in group.aggregates:
        if aggregate.function in WINDOWED and aggregate.over_us is not None:
            found.setdefault(aggregate.over_us, []).append(aggregate)
    return [Window(f"{tag}w{i}", over, tuple(inside)) for i, (over, inside) in enumerate(found.items())]


def summed(layout: Layout) -> list[str]:
    """The columns of real numbers whose values are summed; their spans must be known before the SQL is written."""
    found = {
        a.column
        for group in layout.groups
        for a in group.aggregates
        if a.function in ("mean", "sum") and a.column and layout.column_type(a.column) == "real"
    }
    return sorted(found)


def span_query(relation: str, layout: Layout) -> str:
    """SQL for one row with, for each summed column: least and greatest size, whether all are whole, whether any is infinite."""
    parts = []
    for column in summed(layout):
        x = usable(layout, column)
        finite = f"FILTER (WHERE isfinite({x}) AND {x} <> 0)"
        parts += [
            f"min(abs({x})) {finite}",
            f"max(abs({x})) {finite}",
            f"coalesce(bool_and({x} = trunc({x})) {finite}, true)",
            f"coalesce(bool_or(isinf({x})), false)",
        ]
    return f"SELECT {', '.join(parts)} FROM {relation}"


def spans_from(row: tuple, layout: Layout) -> dict[str, Span]:
    """The spans by column, from the row that `span_query` gave."""
    columns = summed(layout)
    return {column: exact.span_of(*row[4 * i : 4 * i + 4]) for i, column in enumerate(columns)}


def additions(window: Window, layout: Layout, spans: Mapping[str, Span]) -> dict[str, str]:
    """`{name: SQL}` of what each row adds: 1 to the rows, and per column its count, limbs and infinities."""
    counts_rows = any(a.column is None for a in window.aggregates)
    added = {f"{window.tag}_rows": "1"} if counts_rows else {}
    for column in _added(window):
        x, name = usable(layout, column), _name(window, layout, column)
        added[f"{name}_n"] = f"CASE WHEN {x} IS NOT NULL THEN 1 ELSE 0 END"
        if not _is_summed(window, column):
            continue
        if layout.column_type(column) != "real":
            added[f"{name}_l0"] = f"coalesce(CAST({x} AS HUGEINT), 0)"
            continue
        finite = f"CASE WHEN isfinite({x}) THEN {x} ELSE 0 END"
        for index, limb in enumerate(exact.limbs(finite, spans[column])):
            added[f"{name}_l{index}"] = limb
        if spans[column].infinite:
            added[f"{name}_up"] = f"CASE WHEN {x} = 'inf'::DOUBLE THEN 1 ELSE 0 END"
            added[f"{name}_down"] = f"CASE WHEN {x} = '-inf'::DOUBLE THEN 1 ELSE 0 END"
    return added


def extremes(window: Window, layout: Layout) -> dict[str, tuple[str, str]]:
    """`{name: (function, SQL of the value)}` of the least and greatest values a window asks for."""
    return {
        f"{_name(window, layout, a.column)}_{a.function}": (a.function, usable(layout, a.column))
        for a in window.aggregates
        if a.function in EXTREMES and a.column is not None
    }


def totalled(relation: str, windows: list[Window], layout: Layout, spans: Mapping[str, Span]) -> str:
    """SQL of `relation` with the rounded total of each summed column beside its limbs."""
    totals = []
    for window in windows:
        for column in _added(window):
            if _is_summed(window, column):
                name, span = _name(window, layout, column), spans.get(column, exact.INTEGERS)
                sums = [f"{name}_l{i}" for i in range(span.limbs)]
                totals.append(exact.Total(f"{name}_total", sums, span))
    return exact.rounded(relation, totals)


def finished(aggregate: Aggregate, window: Window, layout: Layout, spans: Mapping[str, Span]) -> str:
    """SQL for the value of one aggregate, from the columns of `totalled`."""
    if aggregate.column is None:
        return f"CAST({window.tag}_rows AS BIGINT)"
    name = _name(window, layout, aggregate.column)
    if aggregate.function in EXTREMES:
        return f"{name}_{aggregate.function}"
    if aggregate.function == "count":
        return f"CAST({name}_n AS BIGINT)"
    total = f"{name}_total"
    if aggregate.column in spans and spans[aggregate.column].infinite:
        total = (
            f"CASE WHEN {name}_up > 0 AND {name}_down > 0 THEN 'nan'::DOUBLE WHEN {name}_up > 0 THEN 'inf'::DOUBLE "
            f"WHEN {name}_down > 0 THEN '-inf'::DOUBLE ELSE {total} END"
        )
    value = f"{total} / {name}_n" if aggregate.function == "mean" else total
    return f"CASE WHEN {name}_n > 0 THEN {value} END"


def _added(window: Window) -> list[str]:
    return sorted({a.column for a in window.aggregates if a.column is not None and a.function not in EXTREMES})


def _is_summed(window: Window, column: str) -> bool:
    return any(a.column == column and a.function in ("mean", "sum") for a in window.aggregates)


def _name(window: Window, layout: Layout, column: str) -> str:
    return f"{window.tag}_{[c.name for c in layout.values].index(column)}"
