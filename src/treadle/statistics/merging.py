"""Two profiles of different rows as the profile of all of them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from treadle.errors import InvalidInput
from treadle.statistics.cells import quantiles, regroup, rounded
from treadle.statistics.structs import ColumnStatistics, Histogram, Statistics


def merge(a: Statistics, b: Statistics) -> Statistics:
    """The profile of the rows of both.

    Counts, ranges and moments are those of all rows; histograms too when `b` was profiled `like` `a`, else to within a cell;
    `distinct` is exact where both sides list all their values, else the larger of the two, which is at least right as a bound.
    Raises `InvalidInput` when the columns are not the same.
    """
    if [(c.name, c.type) for c in a.columns] != [(c.name, c.type) for c in b.columns]:
        raise InvalidInput("Profiles of different columns cannot be merged.", field="columns")
    return Statistics(a.rows + b.rows, tuple(_column(x, y) for x, y in zip(a.columns, b.columns, strict=True)))


def _column(x: ColumnStatistics, y: ColumnStatistics) -> ColumnStatistics:
    if not x.count or not y.count:
        full, empty = (x, y) if x.count else (y, x)
        return replace(full, nulls=full.nulls + empty.nulls)
    top = Counter(dict(x.top))
    top.update(dict(y.top))
    complete = x.exact_distinct and y.exact_distinct and not x.other and not y.other
    cells = _cells(x.cells, y.cells)
    mean, std = _moments(x, y)
    return replace(
        x,
        count=x.count + y.count,
        nulls=x.nulls + y.nulls,
        distinct=len(top) if complete else max(x.distinct, y.distinct),
        exact_distinct=complete,
        min=_extreme(min, x.min, y.min),
        max=_extreme(max, x.max, y.max),
        mean=mean,
        std=std,
        quantiles=quantiles(cells, whole=x.type == "integer", snap=x.type == "integer")
        if cells and x.quantiles
        else {},
        histogram=_cells(x.histogram, y.histogram),
        cells=cells,
        top=tuple(top.most_common()),
        other=x.other + y.other,
        zeros=x.zeros + y.zeros,
        non_finite=x.non_finite + y.non_finite,
        min_length=_extreme(min, x.min_length, y.min_length),
        max_length=_extreme(max, x.max_length, y.max_length),
    )


def _cells(x: Histogram | None, y: Histogram | None) -> Histogram | None:
    if x is None or y is None:
        return x or y
    if x.edges != y.edges:
        y = regroup(y, np.array(x.edges))
    return Histogram(x.edges, tuple(m + n for m, n in zip(x.counts, y.counts, strict=True)))


def _moments(x: ColumnStatistics, y: ColumnStatistics) -> tuple[float | None, float | None]:
    """Mean and standard deviation of both (T. Chan, G. Golub, R. LeVeque, "Updating Formulae", 1979)."""
    if x.mean is None or y.mean is None:
        return None, None
    n, m = x.count - x.non_finite, y.count - y.non_finite
    gap = y.mean - x.mean
    mean = x.mean + gap * m / (n + m)
    squares = (x.std or 0.0) ** 2 * (n - 1) + (y.std or 0.0) ** 2 * (m - 1) + gap**2 * n * m / (n + m)
    return rounded(mean), rounded(math.sqrt(squares / (n + m - 1)))


def _extreme(choose: Callable[..., Any], x: Any, y: Any) -> Any:
    return choose(x, y) if x is not None and y is not None else x if y is None else y
