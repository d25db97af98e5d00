"""Metrics on subsets of the rows, because a good whole can hide a bad part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from treadle.errors import NotFound
from treadle.evaluation.answers import Answers
from treadle.evaluation.estimate import Estimate
from treadle.evaluation.measuring import measure

if TYPE_CHECKING:
    import pyarrow as pa

MISSING = "(missing)"
BINS = 5
MOST_VALUES = 200


@dataclass(frozen=True)
class SliceMetrics:
    """The metrics of the rows whose `column` has `value`; a number column is cut into ranges such as `[3, 7)`.

    `positive` is the share of truly positive rows and `answered_positive` the share answered so (binary only).
    """

    column: str
    value: str
    n: int
    metrics: dict[str, Estimate]
    positive: float | None = None
    answered_positive: float | None = None


def slice_metrics(
    answers: Answers, rows: pa.Table, columns: Sequence[str], *, min_rows: int = 1, bins: int = BINS
) -> tuple[SliceMetrics, ...]:
    """Measure each value of each column that has at least `min_rows` rows, in the order of the columns and their values.

    Text, booleans and whole numbers with few values are sliced by value (the `200` most frequent), other numbers by `bins` of
    equal counts. Raises `NotFound` for a column that is not there.
    """
    found: list[SliceMetrics] = []
    for column in columns:
        if column not in rows.column_names:
            raise NotFound.among("column", column, rows.column_names, field="columns")
        for value, where in values_of(rows[column], bins=bins):
            if len(where) >= max(min_rows, 1):
                found.append(_slice(answers.take(where), column, value))
    return tuple(found)


def values_of(column: pa.ChunkedArray, *, bins: int = BINS) -> Iterator[tuple[str, np.ndarray]]:
    """Each value (or range) of a column as text, with the positions of its rows."""
    import pyarrow as pa

    array = column.combine_chunks()
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    real = pa.types.is_floating(array.type) or pa.types.is_decimal(array.type)
    whole = pa.types.is_integer(array.type)
    if real or (whole and len(array.unique()) > 4 * bins):
        yield from _ranges(array.cast(pa.float64()).to_numpy(zero_copy_only=False), bins)
        return
    encoded = array.dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    names = [str(value) for value in encoded.dictionary.to_pylist()]
    order = np.argsort(codes, kind="stable")
    present, starts = np.unique(codes[order], return_index=True)
    parts = dict(zip((int(code) for code in present), np.split(order, starts[1:]), strict=True))
    kept = sorted(parts, key=lambda code: (-len(parts[code]), code))[:MOST_VALUES]
    by_value = sorted(kept, key=lambda code: _natural(encoded.dictionary[code].as_py()) if code >= 0 else (2, 0.0, ""))
    for code in by_value:
        yield (names[code] if code >= 0 else MISSING), np.sort(parts[code])


def _natural(value: object) -> tuple[int, float, str]:
    return (0, float(value), "") if isinstance(value, int | float) else (1, 0.0, str(value))


def _ranges(numbers: np.ndarray, bins: int) -> Iterator[tuple[str, np.ndarray]]:
    known = np.isfinite(numbers)
    if known.any():
        cuts = np.unique(np.quantile(numbers[known], np.linspace(0, 1, bins + 1)))
        inner = cuts[1:-1]
        place = np.searchsorted(inner, numbers, side="right")
        for bin_number in range(len(inner) + 1):
            low, high = cuts[bin_number], cuts[min(bin_number + 1, len(cuts) - 1)]
            closing = "]" if bin_number == len(inner) else ")"
            where = np.flatnonzero(known & (place == bin_number))
            if len(where):
                yield f"[{low:.6g}, {high:.6g}{closing}", where
    if not known.all():
        yield MISSING, np.flatnonzero(~known)


def _slice(answers: Answers, column: str, value: str) -> SliceMetrics:
    found = measure(answers)
    if answers.task != "binary":
        return SliceMetrics(column, value, found.n, dict(found))
    total = answers.weights.sum()
    positive = float(answers.weights @ answers.positive / total)
    answered = float(answers.weights @ (answers.labels == 1) / total)
    return SliceMetrics(column, value, found.n, dict(found), positive, answered)
