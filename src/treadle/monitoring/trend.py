"""Whether a short series goes down: the exact Mann–Kendall test and Sen's slope.

Sources: H. Mann, "Nonparametric Tests Against Trend", Econometrica 13 (1945); M. Kendall, "Rank Correlation Methods" (1948) for the
exact distribution; P. Sen, "Estimates of the Regression Coefficient Based on Kendall's Tau", JASA 63 (1968).
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import combinations

import numpy as np


def falling_p(values: np.ndarray) -> float:
    """The chance of a series that falls as steadily as this one when its order means nothing; ties count as rising.

    >>> falling_p(np.array([5.0, 4.0, 3.0, 2.0])) == 1 / 24, falling_p(np.array([1.0, 2.0, 3.0]))
    (True, 1.0)
    """
    falls = sum(later < earlier for earlier, later in combinations(values.tolist(), 2))
    counts = _inversions(len(values))
    return sum(counts[falls:]) / math.factorial(len(values))


def slope(values: np.ndarray) -> float:
    """The median slope between all pairs, per step.

    >>> slope(np.array([0.0, 1.0, 2.0, 9.0]))
    2.0
    """
    pairs = combinations(enumerate(values.tolist()), 2)
    return float(np.median([(later - earlier) / (j - i) for (i, earlier), (j, later) in pairs]))


@lru_cache(maxsize=64)
def _inversions(length: int) -> tuple[int, ...]:
    """How many orders of `length` things have 0, 1, 2, … pairs the wrong way round."""
    counts = [1]
    for size in range(2, length + 1):
        grown = [0] * (len(counts) + size - 1)
        for place, count in enumerate(counts):
            for shift in range(size):
                grown[place + shift] += count
        counts = grown
    return tuple(counts)
