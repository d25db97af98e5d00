"""How far two profiles of a column are apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from treadle.errors import InvalidInput, suggest
from treadle.statistics.cells import regroup
from treadle.statistics.distances import js, ks_binned, linf, psi
from treadle.statistics.structs import ColumnStatistics

Method = Literal["js", "ks", "linf", "psi"]

_METHODS: Mapping[str, Callable[[ArrayLike, ArrayLike], float]] = {"js": js, "ks": ks_binned, "linf": linf, "psi": psi}
_BINS = 20


def distance(expected: ColumnStatistics, actual: ColumnStatistics, method: Method = "js") -> float | None:
    """The distance between two profiles of one column; None when either has no values or they cannot be compared.

    Numbers are compared over about 20 bins that hold equally many expected values (`ks` over all cells), categories by value with
    everything beyond the most frequent ones as one more category. Raises `InvalidInput` for an unknown method.
    """
    if method not in _METHODS:
        raise InvalidInput(f"{method!r} is no distance.", mend=suggest(method, _METHODS), field="method")
    pair = numbers(expected, actual, fine=method == "ks") or categories(expected, actual)
    if pair is None or not sum(pair[0]) or not sum(pair[1]):
        return None
    return _METHODS[method](*pair)


def numbers(
    expected: ColumnStatistics, actual: ColumnStatistics, *, fine: bool = False
) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """The counts of two numeric columns over the same bins, cut where the expected ones are evenly many."""
    if expected.cells is None or actual.cells is None or expected.type not in ("integer", "real"):
        return None
    below = np.cumsum(expected.cells.counts)
    edges = np.array(expected.cells.edges[1:])
    if not fine and len(edges) > _BINS:
        cuts = np.searchsorted(below, np.arange(1, _BINS) / _BINS * below[-1])
        edges = edges[np.unique(np.minimum(cuts, len(edges) - 1))]
    # Everything below the first and above the last edge has a bin of its own.
    counts = [_between(column, edges) for column in (expected, actual)]
    return counts[0], counts[1]


def categories(expected: ColumnStatistics, actual: ColumnStatistics) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """The counts of two columns by value; values that only one side lists are looked up as absent there."""
    if not expected.top or not actual.top:
        return None
    names = sorted({str(value) for value, _ in (*expected.top, *actual.top)})
    sides = []
    for column in (expected, actual):
        counts = {str(value): count for value, count in column.top}
        sides.append((*(counts.get(name, 0) for name in names), column.other))
    return sides[0], sides[1]


def _between(column: ColumnStatistics, edges: np.ndarray) -> tuple[int, ...]:
    cells = column.cells
    assert cells is not None
    low = min(cells.edges[0], edges[0]) - 1.0
    high = max(cells.edges[-1], edges[-1]) + 1.0
    return regroup(cells, np.concatenate([[low], edges, [high]])).counts
