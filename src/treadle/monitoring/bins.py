"""How the values of one column are counted: over the same few bins at release and in every window after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

_BINS = 10
_LEAST = 0.04  # a bin of numbers that holds less of the reference than this joins its neighbour
_CATEGORIES = 20
_LEAST_CATEGORY = 0.02


@dataclass(frozen=True)
class Bins:
    """Cut points of numbers, or the frequent values of a text column; missing values have the last bin.

    Numbers: bin i holds what lies in (cuts[i-1], cuts[i]]. Texts: one bin a value, then one for every other value.
    """

    kind: Literal["number", "text"]
    cuts: tuple[float, ...] = ()
    values: tuple[str, ...] = ()

    @classmethod
    def of(cls, column: pa.Array | pa.ChunkedArray, bins: int = _BINS) -> Bins:
        """Bins with about equal shares of the column's numbers, or its frequent texts.

        >>> import pyarrow as pa
        >>> Bins.of(pa.array([1.0, 2.0, 3.0, 4.0]), bins=2).cuts
        (2.0,)
        >>> Bins.of(pa.array(["a", "b", "a", None])).values
        ('a', 'b')
        """
        numbers = as_numbers(column)
        if numbers is None:
            return cls("text", values=_frequent(column))
        seen = numbers[np.isfinite(numbers)]
        if not len(seen):
            return cls("number")
        cuts = np.unique(np.quantile(seen, np.arange(1, bins) / bins, method="inverted_cdf"))
        return cls("number", cuts=_merged(cuts[cuts < seen.max()], seen))

    @property
    def size(self) -> int:
        """How many bins there are, the one for missing values included."""
        return len(self.cuts) + 2 if self.kind == "number" else len(self.values) + 2

    @property
    def names(self) -> tuple[str, ...]:
        """What each bin holds, in words."""
        if self.kind == "text":
            return (*self.values, "other", "missing")
        if not self.cuts:
            return ("any", "missing")
        between = [f"{low:g} to {high:g}" for low, high in zip(self.cuts, self.cuts[1:], strict=False)]
        return (f"up to {self.cuts[0]:g}", *between, f"above {self.cuts[-1]:g}", "missing")

    def place(self, column: pa.Array | pa.ChunkedArray) -> np.ndarray:
        """The bin of each row, shape (n,); what is not a number where numbers are expected counts as missing."""
        if self.kind == "text":
            return self._place_texts(column)
        numbers = as_numbers(column)
        if numbers is None:
            return np.full(len(column), self.size - 1)
        return np.where(np.isnan(numbers), self.size - 1, np.searchsorted(self.cuts, numbers, side="left"))

    def document(self) -> dict[str, Any]:
        """Plain values to keep."""
        return {"kind": self.kind, "cuts": list(self.cuts), "values": list(self.values)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Bins:
        """The bins that were kept."""
        return cls(document["kind"], tuple(document["cuts"]), tuple(document["values"]))

    def _place_texts(self, column: pa.Array | pa.ChunkedArray) -> np.ndarray:
        import pyarrow as pa
        import pyarrow.compute as pc

        texts = column.cast(pa.string())
        found = pc.call_function("index_in", [texts], pc.SetLookupOptions(pa.array(self.values, pa.string())))
        other = len(self.values)
        places = np.asarray(found.fill_null(other)).astype(np.int64)
        return np.where(np.asarray(texts.is_null()), other + 1, places)


def as_numbers(column: pa.Array | pa.ChunkedArray) -> np.ndarray | None:
    """The column as float64 with NaN for what is missing, or None for texts."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_boolean(kind):
        column, kind = column.cast(pa.int8()), pa.int8()
    if pa.types.is_null(kind):
        return np.full(len(column), np.nan)
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        return None
    return np.asarray(column.cast(pa.float64()).fill_null(float("nan")))


def _merged(cuts: np.ndarray, seen: np.ndarray) -> tuple[float, ...]:
    """The cuts without those that leave next to nothing between them: shares of rare bins swing wildly by chance."""
    below = np.searchsorted(np.sort(seen), cuts, side="right") / len(seen)
    kept: list[float] = []
    last = 0.0
    for cut, share in zip(cuts, below, strict=True):
        if share - last >= _LEAST and 1 - share >= _LEAST:
            kept.append(float(cut))
            last = float(share)
    return tuple(kept)


def _frequent(column: pa.Array | pa.ChunkedArray) -> tuple[str, ...]:
    import pyarrow as pa

    counted: Any = column.cast(pa.string()).drop_null().value_counts()
    rows = sorted(((one["counts"].as_py(), one["values"].as_py()) for one in counted), key=lambda c: (-c[0], c[1]))
    total = sum(count for count, _ in rows)
    return tuple(value for count, value in rows[:_CATEGORIES] if count >= _LEAST_CATEGORY * total)
