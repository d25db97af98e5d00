"""A first schema from a profile, wide enough that ordinary new rows fit, for a person to review."""

from __future__ import annotations

import math
from collections.abc import Sequence

from treadle.errors import InvalidInput, suggest
from treadle.statistics import ColumnStatistics, Statistics
from treadle.validation.schema import ColumnSchema, Schema

MOST_VALUES = 100  # a text column with more different values has no domain
_REPEATED = 10  # nor has one whose values do not come at least so often on average
_SLACK = 0.5  # of the range seen, on either side


def infer_schema(
    statistics: Statistics,
    *,
    name: str,
    key: Sequence[str] = (),
    time: str | None = None,
    created: str | None = None,
) -> Schema:
    """What a profile suggests to expect of the dataset `name`.

    Types as they are; missing values up to twice the share seen, none in key and time; the values of a text column when they are
    few and repeat; ranges half again as wide as seen, but not across zero. Raises `InvalidInput` when a key or time column is
    not among the columns.
    """
    there = [column.name for column in statistics.columns]
    for part, wanted in [("key", k) for k in key] + [("time", time), ("created", created)]:
        if wanted is not None and wanted not in there:
            raise InvalidInput(
                f"{part} of {name!r} is {wanted!r}, but there is no such column.",
                mend=suggest(wanted, there),
                field=part,
            )
    vital = {*key, *([time] if time else [])}
    columns = tuple(_column(column, vital) for column in statistics.columns)
    return Schema(name, columns, tuple(key), time, created)


def _column(seen: ColumnStatistics, vital: set[str]) -> ColumnSchema:
    low, high = _range(seen)
    if seen.name in vital:
        return ColumnSchema(seen.name, seen.type, nulls=0.0, min=low, max=high, reactions={"nulls": "block"})
    return ColumnSchema(seen.name, seen.type, nulls=_nulls(seen), domain=_domain(seen), min=low, max=high)


def _nulls(seen: ColumnStatistics) -> float:
    """Twice the share seen and a hundredth, in whole hundredths; none where none was seen."""
    if not seen.nulls:
        return 0.0
    return min(1.0, math.ceil(seen.null_share * 200 + 1) / 100)


def _domain(seen: ColumnStatistics) -> tuple[str, ...] | None:
    few = 0 < seen.distinct <= MOST_VALUES and not seen.other and seen.count >= _REPEATED * seen.distinct
    return tuple(sorted(str(value) for value, _ in seen.top)) if seen.type == "text" and few else None


def _range(seen: ColumnStatistics) -> tuple[float | None, float | None]:
    if seen.type not in ("integer", "real") or not isinstance(seen.min, int | float):
        return None, None
    low, high = float(seen.min), float(seen.max or 0.0)
    slack = _SLACK * (high - low) or abs(high) * _SLACK or 1.0
    low_wide, high_wide = outward(low - slack, up=False), outward(high + slack, up=True)
    # A sign that never occurred is not expected: distances, counts and ages stay positive.
    return (max(0.0, low_wide) if low >= 0 else low_wide), (min(0.0, high_wide) if high <= 0 else high_wide)


def outward(value: float, *, up: bool) -> float:
    """The nearest number with two significant digits beyond `value`.

    >>> outward(4983.0 * 1.5, up=True), outward(-0.0317, up=False)
    (7500.0, -0.032)
    """
    if abs(value) < 1e-300 or not math.isfinite(value):
        return value
    unit = math.floor(math.log10(abs(value))) - 1
    scaled = value / 10.0**unit
    whole = math.ceil(scaled - 1e-9) if up else math.floor(scaled + 1e-9)
    return round(whole * 10.0**unit, max(0, -unit))
