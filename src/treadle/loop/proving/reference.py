"""Features worked out once more, row by row in plain Python: slow, and with nothing in common with the engine's plans."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from treadle.clock import as_utc, micros

if TYPE_CHECKING:
    from treadle.features import FeatureView

Row = Mapping[str, Any]
Told = tuple[int, int | None, tuple[str, ...], Row]  # event time, arrival, id, row
Seen = tuple[int, int, tuple[str, ...], Row]  # event time, seen from, id, row


def in_arrival_order(view: FeatureView, rows: Sequence[Row]) -> list[Told]:
    """The rows of one key that have an event time, in the order in which they arrived."""
    source, told = view.source, []
    for row in rows:
        event = _micros(row[source.time or ""])
        if event is not None:
            arrived = _micros(row[source.created]) if source.created else 0
            told.append((event, arrived, tuple(str(row[key]) for key in source.key), row))
    return sorted(told, key=lambda each: 2**63 if each[1] is None else each[1])


def reference_values(view: FeatureView, rows: Sequence[Told], at: datetime) -> list[Any]:
    """What each feature of `view` is at `at` for the one key whose `rows` these are, by the rules of docs/rooms/features.md."""
    asked = micros(at)
    tick = asked if view.every_us is None else asked // view.every_us * view.every_us
    columns = [feature if isinstance(feature, str) else feature.column for feature in view.features]
    early = [_known_early(view, column) for column in columns]
    seen = {each: sorted(_seen(each, view, rows, tick), key=lambda one: one[:3]) for each in set(early)}
    return [
        _value(view, feature, column, seen[each], asked, tick)
        for feature, column, each in zip(view.features, columns, early, strict=True)
    ]


def _value(view: FeatureView, feature: Any, column: str | None, seen: list[Seen], asked: int, tick: int) -> Any:
    if not seen or (view.ttl_us is not None and asked - seen[-1][0] > view.ttl_us):
        return None
    if isinstance(feature, str):
        return seen[-1][3][feature]
    over = feature.over_us
    inside = seen if over is None else [each for each in seen if each[0] > tick - over]
    if column is None:
        return len(inside)
    values = [value for *_, row in inside if (value := row[column]) is not None and value == value]
    if feature.function == "count":
        return len(values)
    return _aggregate(feature.function, values) if values else None


def _aggregate(function: str, values: Sequence[Any]) -> Any:
    if function == "last":
        return values[-1]
    if function in ("min", "max"):
        return min(values) if function == "min" else max(values)
    if not all(math.isfinite(value) for value in values):
        return float("nan")
    total = sum((Fraction(value) for value in values), Fraction(0))
    return float(total / len(values)) if function == "mean" else float(total)


def _known_early(view: FeatureView, column: str | None) -> bool:
    """Whether the column is known when its row happens, and not only once the row has arrived."""
    if view.source.created is None or column is None:
        return False
    return {column, *view.entity} <= set(view.source.known_columns([column, *view.entity]))


def _seen(early: bool, view: FeatureView, rows: Sequence[Told], tick: int) -> list[Seen]:
    """The newest version of each row id that is seen at the tick, with its event time and since when it is seen."""
    newest: dict[tuple[str, ...], Seen] = {}
    first: dict[tuple[str, ...], int] = {}
    for event, arrived, name, row in rows:
        visible = event if view.source.created is None else None if arrived is None else max(event, arrived)
        if early and first.get(name, event) == event:
            first[name] = event
            visible = event
        if visible is None or visible > tick:
            continue
        if name not in newest or visible >= newest[name][1]:
            newest[name] = (event, visible, name, row)
    return list(newest.values())


def _micros(value: Any) -> int | None:
    if value is None:
        return None
    return micros(as_utc(value) if isinstance(value, datetime) else datetime(value.year, value.month, value.day))
