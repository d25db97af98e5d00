"""What is known of a table: rows, and for each column its counts, moments, quantiles, histogram and most frequent values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from treadle.datasets import ColumnType
from treadle.errors import NotFound

Value = int | float | str | bool


@dataclass(frozen=True)
class Histogram:
    """Counts between ascending `edges`: `counts[i]` values lie in `(edges[i], edges[i+1]]`, the first bin has its left edge too.

    A first bin without width (both edges equal) holds the least value alone.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """How many values there are in all bins."""
        return sum(self.counts)


@dataclass(frozen=True)
class ColumnStatistics:
    """One column of one table.

    `count` values are there and `nulls` are missing. `min`, `max`, `mean`, `std` and `quantiles` (`"p01"` … `"p99"`) speak of the
    finite numbers, `non_finite` counts the others (NaN and infinities); for timestamps and dates `min` and `max` are ISO 8601
    text. `distinct` is exact where `exact_distinct` says so, else within a few per cent (HyperLogLog). `top` holds the most
    frequent values with their counts, `other` how many values are none of them. `cells` is a fine histogram that quantiles,
    `histogram` and distances are computed from; for timestamps its edges are seconds since 1970. Lengths are in bytes.
    """

    name: str
    type: ColumnType
    count: int
    nulls: int
    distinct: int
    exact_distinct: bool = False
    min: float | str | None = None
    max: float | str | None = None
    mean: float | None = None
    std: float | None = None
    quantiles: Mapping[str, float] = field(default_factory=dict, hash=False)
    histogram: Histogram | None = None
    cells: Histogram | None = None
    top: tuple[tuple[Value, int], ...] = ()
    other: int = 0
    zeros: int = 0
    non_finite: int = 0
    min_length: int | None = None
    max_length: int | None = None

    @property
    def null_share(self) -> float:
        """The share of rows in which the value is missing, 0 to 1."""
        rows = self.count + self.nulls
        return self.nulls / rows if rows else 0.0

    @property
    def values(self) -> Mapping[Value, int]:
        """The most frequent values with their counts."""
        return dict(self.top)


@dataclass(frozen=True)
class Statistics:
    """A table: how many rows, and its columns in order."""

    rows: int
    columns: tuple[ColumnStatistics, ...]

    def column(self, name: str) -> ColumnStatistics:
        """One column. Raises `NotFound` that offers the nearest names."""
        for column in self.columns:
            if column.name == name:
                return column
        raise NotFound.among("column", name, (c.name for c in self.columns), field="column")

    def to_json(self) -> bytes:
        """This object as JSON."""
        return msgspec.json.encode(self, order="deterministic")

    @classmethod
    def from_json(cls, text: bytes | str) -> Statistics:
        """The object that `to_json` wrote."""
        return msgspec.json.decode(text, type=cls)

    def to_plain(self) -> dict[str, Any]:
        """This object as plain dictionaries and lists."""
        return msgspec.to_builtins(self)
