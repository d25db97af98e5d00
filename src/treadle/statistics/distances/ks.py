"""Kolmogorov–Smirnov distance of two samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from treadle.errors import InvalidInput
from treadle.statistics.distances.shares import shares


@dataclass(frozen=True)
class KolmogorovSmirnov:
    """The largest gap between two cumulative distributions (0 to 1), and how likely one as large is by chance."""

    statistic: float
    p_value: float


def ks(a: ArrayLike, b: ArrayLike) -> KolmogorovSmirnov:
    """The two-sample Kolmogorov–Smirnov test on two arrays of finite numbers.

    The p-value is the asymptotic one with Stephens' correction, good from about eight values on. Source: M. Stephens, "Use of the
    Kolmogorov–Smirnov, Cramér–von Mises and Related Statistics Without Extensive Tables", JRSS B 32 (1970).

    >>> ks([1, 2, 3, 4], [3, 4, 5, 6]).statistic
    0.5
    """
    one, other = (np.sort(np.asarray(values, dtype=np.float64)) for values in (a, b))
    if not len(one) or not len(other):
        raise InvalidInput("There are no values on one side.", mend="Compare when both have values.", field="values")
    everywhere = np.concatenate([one, other])
    gaps = np.searchsorted(one, everywhere, side="right") / len(one) - np.searchsorted(
        other, everywhere, side="right"
    ) / len(other)
    statistic = float(np.max(np.abs(gaps)))
    return KolmogorovSmirnov(statistic, _p_value(statistic, len(one), len(other)))


def ks_binned(expected: ArrayLike, actual: ArrayLike) -> float:
    """The largest gap between the cumulative counts over the same bins: at most the true statistic, and near it on fine bins.

    >>> round(ks_binned([1, 1, 1, 1], [0, 0, 2, 2]), 2)
    0.5
    """
    e, a = shares(expected, actual)
    return float(np.max(np.abs(np.cumsum(e - a))))


def _p_value(statistic: float, n: int, m: int) -> float:
    root = np.sqrt(n * m / (n + m))
    scaled = (root + 0.12 + 0.11 / root) * statistic
    if scaled < 0.2:  # the series converges slowly there, and its value is 1 to ten digits
        return 1.0
    terms = np.arange(1, 101)
    return float(np.clip(2 * np.sum((-1.0) ** (terms - 1) * np.exp(-2 * terms**2 * scaled**2)), 0.0, 1.0))
