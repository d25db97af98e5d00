"""Fine histograms: where to cut, and what follows from the counts."""

from __future__ import annotations

import math

import numpy as np

from treadle.statistics.structs import Histogram

QUANTILES = {"p01": 0.01, "p05": 0.05, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p95": 0.95, "p99": 0.99}
_FENCE = 3.0  # interquartile ranges beyond the quartiles: farther out, values share the outermost bin


def fine_edges(sample: np.ndarray, low: float, high: float, bins: int) -> np.ndarray:
    """Ascending edges from `low` to `high` (least and greatest value): the sample's percentiles and the edges for display.

    Between two percentiles lies about one per cent of the rows, so whatever is read off the counts is that near.
    """
    inside = sample[(sample > low) & (sample < high)]
    cuts = np.quantile(sample, np.arange(1, 100) / 100, method="inverted_cdf") if len(sample) else inside
    edges = np.unique(np.concatenate([[low, high], cuts, display_edges(sample, low, high, bins)]))
    return edges[(edges >= low) & (edges <= high)]


def display_edges(sample: np.ndarray, low: float, high: float, bins: int) -> np.ndarray:
    """`bins` + 1 edges of equal width over where the values are; far outliers share the outermost bins.

    Far is more than three interquartile ranges beyond the quartiles (J. Tukey, "Exploratory Data Analysis", 1977).

    >>> display_edges(np.array([0.0, 5.0, 10.0]), 0.0, 10.0, 5).tolist()
    [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    """
    if low == high or not len(sample):
        return np.array([low, high])
    if not math.isfinite(high - low):  # the width of such a range is no double
        return np.array([low, 0.0, high])
    q25, q75 = np.quantile(sample, [0.25, 0.75], method="inverted_cdf")
    reach = _FENCE * (q75 - q25)
    start, stop = (max(low, q25 - reach), min(high, q75 + reach)) if reach else (low, high)
    edges = np.linspace(start, stop, bins + 1)
    edges[0], edges[-1] = low, high
    return np.unique(edges)


def regroup(cells: Histogram, edges: np.ndarray) -> Histogram:
    """The counts of `cells` over other edges, as if values were even within a cell; exact for edges that `cells` has.

    >>> regroup(Histogram((0.0, 1.0, 2.0, 4.0), (3, 5, 8)), np.array([0.0, 2.0, 3.0, 4.0])).counts
    (8, 4, 4)
    """
    below = np.concatenate([[0], np.cumsum(cells.counts)])
    at = np.interp(edges, cells.edges, below)
    at[0], at[-1] = 0, below[-1]  # what lies outside belongs to the outermost bins
    return Histogram(tuple(float(e) for e in edges), tuple(int(n) for n in np.diff(np.round(at))))


def cells_of(values: np.ndarray, counts: np.ndarray, most: int = 200) -> Histogram:
    """Cells of ascending distinct `values` that occur `counts` times: one a value, or about `most` of equal weight.

    >>> cells_of(np.array([1.0, 5.0]), np.array([7, 2]))
    Histogram(edges=(1.0, 1.0, 5.0), counts=(7, 2))
    """
    below = np.cumsum(counts)
    ends = np.arange(len(values))
    if len(values) > most:
        ends = np.unique(np.searchsorted(below, np.arange(1, most + 1) / most * below[-1]))
        ends = np.unique(np.concatenate([[0], np.minimum(ends, len(values) - 1), [len(values) - 1]]))
    edges = np.concatenate([[values[0]], values[ends]])
    inside = np.diff(np.concatenate([[0], below[ends]]))
    return Histogram(tuple(float(e) for e in edges), tuple(int(n) for n in inside))


def bars_of(values: np.ndarray, counts: np.ndarray, bins: int) -> Histogram:
    """A histogram for display of whole-numbered `values`: a bin for each when they are few, else `bins` of equal width.

    >>> bars_of(np.array([1.0, 3.0]), np.array([7, 2]), 30)
    Histogram(edges=(0.5, 1.5, 2.5, 3.5), counts=(7, 0, 2))
    """
    low, high = float(values[0]), float(values[-1])
    if high - low < bins:
        edges = np.arange(low - 0.5, high + 1.0)
    else:
        weights = np.maximum(1, counts * (10_000 / counts.sum())).astype(np.int64)
        edges = display_edges(np.repeat(values, weights), low, high, bins)
    first = np.searchsorted(edges, values, side="left") - 1
    inside = np.bincount(np.clip(first, 0, len(edges) - 2), weights=counts, minlength=len(edges) - 1)
    return Histogram(tuple(float(e) for e in edges), tuple(int(n) for n in inside))


def quantiles(cells: Histogram, *, whole: bool, snap: bool) -> dict[str, float]:
    """`"p01"` … `"p99"` read off the counts, in a straight line within a cell.

    With `snap` (values that repeat) the cell's upper edge is taken, which is a value that occurs; with `whole`, whole numbers.
    """
    total = cells.total
    if not total:
        return {}
    below = np.concatenate([[0], np.cumsum(cells.counts)])
    found = {}
    for name, share in QUANTILES.items():
        rank = share * total
        cell = int(np.searchsorted(below, rank, side="left"))
        if snap or len(cells.edges) == 1:
            value = cells.edges[min(cell, len(cells.edges) - 1)]
        else:
            value = float(np.interp(rank, below, cells.edges))
        found[name] = float(np.ceil(value)) if whole else rounded(value)
    return found


def rounded(value: float, scale: float = 0.0) -> float:
    """Twelve significant digits (of `scale`, when that is larger): sums over threads differ in the last ones from run to run.

    >>> rounded(1 / 3), rounded(1.23456e-8, scale=1000.0)
    (0.333333333333, 1e-08)
    """
    largest = max(abs(value), abs(scale))
    return round(value, 11 - math.floor(math.log10(largest))) if largest and math.isfinite(largest) else value
