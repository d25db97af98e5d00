"""How each column is measured, decided from a sample before anything is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from treadle.datasets import Column
from treadle.statistics.structs import ColumnStatistics

Route = Literal["counted", "measured", "timed", "named"]

_FEW_NUMBERS = 1024  # an integer column of so small a range is counted value by value
_NEARLY_UNIQUE = 0.5  # a text column with so many different values in its sample holds names, not categories


@dataclass(frozen=True)
class Measure:
    """A column with its route.

    `counted`: every value with its count (categories, booleans, small integers); `measured`: moments and a fine histogram
    (numbers); `timed`: range and histogram (timestamps, dates); `named`: counts and lengths only (text that hardly repeats).
    `edges` are those of the fine histogram, `snap` says that values repeat, `finite` that there are no NaN or infinities.
    """

    column: Column
    route: Route
    low: float | None = None
    high: float | None = None
    edges: tuple[float, ...] = ()
    bars: tuple[float, ...] = ()
    snap: bool = False
    finite: bool = True


def route_of(column: Column, sample: pa.ChunkedArray, low: Any, high: Any) -> Route:
    """The route of one column, from its sample and the least and greatest value (None when there is no value)."""
    if column.type in ("timestamp", "date"):
        return "timed"
    if column.type == "boolean":
        return "counted"
    if column.type == "integer":
        return "counted" if low is None or high - low < _FEW_NUMBERS else "measured"
    if column.type == "real":
        return "measured"
    values = len(sample) - sample.null_count
    return "named" if values > 1000 and len(sample.unique()) > _NEARLY_UNIQUE * values else "counted"


def numbers_of(sample: pa.ChunkedArray) -> np.ndarray:
    """The finite values of a numeric sample, as doubles."""
    values = sample.drop_null().cast(pa.float64(), safe=False).to_numpy()
    return values[np.isfinite(values)]


def repeats(values: np.ndarray) -> bool:
    """Whether values repeat, as counts and rounded measurements do.

    >>> repeats(np.array([1.0, 1.0, 2.0, 1.0])), repeats(np.array([0.1, 0.2, 0.3]))
    (True, False)
    """
    return len(values) > 0 and len(np.unique(values)) <= len(values) / 2


def edges_like(reference: Sequence[ColumnStatistics]) -> Mapping[str, tuple[float, ...]]:
    """The edges of a reference's fine histograms, without the point at their beginning."""
    found = {}
    for column in reference:
        if column.cells is not None:
            edges = column.cells.edges
            found[column.name] = edges[1:] if len(edges) > 1 and edges[0] == edges[1] else edges
    return found
