"""Counts by whole days, and how far the shares of a window of days swing by chance.

Rows of one day depend on each other (one storm delays a whole evening) and so do neighbouring days (it lasts for two), so tests
that take rows for independent cry wolf. Here the day is the unit: the covariance of a day's shares, with what neighbouring days
have in common, is measured on the reference, and the distance of a window is compared with what that covariance makes likely.

Sources: J. Rao, A. Scott, "On Chi-Squared Tests for Multiway Contingency Tables with Cell Proportions Estimated from Survey
Data", Annals of Statistics 12 (1984), for the corrected test; W. Newey, K. West, Econometrica 55 (1987), for the weights of
neighbouring days; N. Kiefer, T. Vogelsang, Econometric Theory 21 (2005), for the degrees of freedom such a covariance has.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from treadle.monitoring.permuting import DRAWS, permuted_p
from treadle.monitoring.tails import f_tail
from treadle.statistics import distances

DAY = 86_400_000_000  # microseconds
BANDWIDTH = 7  # days: what lies farther apart is taken for unrelated


@dataclass(frozen=True)
class DayCounts:
    """Counts by day and bin, shape (days, bins); days without a row are rows of zeros."""

    counts: np.ndarray

    @cached_property
    def total(self) -> np.ndarray:
        """Counts of all days, shape (bins,)."""
        return self.counts.sum(axis=0)

    @cached_property
    def days(self) -> int:
        """How many days have rows."""
        return int((self.counts.sum(axis=1) > 0).sum())

    @cached_property
    def _residuals(self) -> np.ndarray:
        """How far each day's counts are from the shares of all, in units of a mean day (a ratio estimator's residuals)."""
        sizes = self.counts.sum(axis=1, keepdims=True)
        return (self.counts - sizes * self.shares) / (sizes.sum() / max(self.days, 1))

    @cached_property
    def shares(self) -> np.ndarray:
        """Share of each bin over all days, with half a count added to each, shape (bins,)."""
        padded = self.total + 0.5
        return padded / padded.sum()

    def covariance(self, span: int) -> np.ndarray:
        """Long-run covariance of a day's shares, shape (bins, bins): what the mean of `span` days in a row has, times `span`.

        It is the mean outer product of sums over every `span` days in a row, which weighs the covariance of days `l` apart by
        1 − l/span (Bartlett's weights); so it has no negative variance.
        """
        span = max(1, min(span, len(self.counts)))
        padded = np.zeros((1, self.counts.shape[1]))
        below = np.concatenate([padded, np.cumsum(self._residuals, axis=0)])
        ends = np.arange(len(self.counts) + span - 1) + 1
        sums = below[np.minimum(ends, len(self.counts))] - below[np.maximum(ends - span, 0)]
        lost = max(1.0 - span / self.days, 0.1) if self.days else 1.0  # the mean was taken from the same days
        return sums.T @ sums / (span * self.days * lost) if self.days else np.zeros((len(padded[0]),) * 2)


@dataclass(frozen=True)
class Shift:
    """How far a window is from the reference: stability index, and how likely one as far is when nothing changed."""

    index: float
    p: float


def compare(reference: DayCounts, window: DayCounts, covariance: np.ndarray, span: int, level: float = 0.0) -> Shift:
    """Compare the shares of a window of whole days with those of the reference days.

    `covariance` is `reference.covariance(span)`, shape (bins, bins). The weighted squared distance Σ (a − e)²/e is referred to
    its moments under that covariance: F with tr²/tr(·²) degrees above and 1.5·days/span below. That takes account of days that
    follow each other but trusts in tails that are not too heavy; so what it finds less likely than `level` must also be rare
    when days change places (`permuting`), and the larger of both chances counts.

    >>> steady = DayCounts(np.tile([[50.0, 50.0], [52.0, 48.0], [48.0, 52.0]], (20, 1)))
    >>> shift = compare(steady, DayCounts(np.array([[20.0, 80.0]])), steady.covariance(1), 1)
    >>> round(shift.index, 2), shift.p < 1e-6
    (0.41, True)
    """
    if not window.days or not reference.days:
        return Shift(0.0, 1.0)
    index = distances.psi(reference.total, window.total)
    expected = reference.shares
    apart = window.shares - expected
    scale = 1 / np.sqrt(expected)
    spread = covariance * np.outer(scale, scale) * (1 / window.days + 1 / reference.days)
    first, second = float(np.trace(spread)), float((spread * spread).sum())
    distance = float((apart * apart / expected).sum())
    if first <= 0:
        return Shift(index, 0.0 if distance > 1e-12 else 1.0)
    p = f_tail(distance / first, first * first / second, max(1.0, 1.5 * reference.days / span))
    if p <= level:
        p = max(p, dealt(reference, window, level))
    return Shift(index, p)


def dealt(reference: DayCounts, window: DayCounts, level: float) -> float:
    """The chance of the window's stability index when days change places; `level` when that is too small to be told."""
    chance = permuted_p(reference.counts, window.counts, _index)
    return chance if chance > 1 / DRAWS else min(chance, level)


def _index(outside: np.ndarray, inside: np.ndarray) -> np.ndarray:
    one, other = (totals + 0.5 for totals in (outside, inside))
    one, other = one / one.sum(-1, keepdims=True), other / other.sum(-1, keepdims=True)
    return ((other - one) * np.log(other / one)).sum(-1)


def count_days(places: np.ndarray, days: np.ndarray, bins: int, first: int, span: int) -> np.ndarray:
    """Counts of rows by day and bin, shape (span, bins): `places` and `days` are each row's bin and day number.

    >>> count_days(np.array([0, 1, 1]), np.array([10, 10, 12]), 2, 10, 3).tolist()
    [[1, 1], [0, 0], [0, 1]]
    """
    return np.bincount((days - first) * bins + places, minlength=span * bins).reshape(span, bins)
