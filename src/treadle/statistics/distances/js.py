"""Jensen–Shannon distance."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from treadle.statistics.distances.shares import shares


def js(expected: ArrayLike, actual: ArrayLike) -> float:
    """The Jensen–Shannon distance between two arrays of counts over the same bins: 0 when equal, 1 when they share none.

    It is the square root of the divergence to base 2, which makes it a metric. Source: J. Lin, "Divergence Measures Based on the
    Shannon Entropy", IEEE Transactions on Information Theory 37 (1991); D. Endres, J. Schindelin (2003) for the root.

    >>> js([1, 0], [0, 1])
    1.0
    >>> round(js([500, 500], [600, 400]), 4)
    0.0854
    """
    e, a = shares(expected, actual)
    middle = (e + a) / 2
    return float(np.sqrt(max(0.0, (_relative_entropy(e, middle) + _relative_entropy(a, middle)) / 2)))


def _relative_entropy(p: np.ndarray, q: np.ndarray) -> float:
    there = p > 0
    return float(np.sum(p[there] * np.log2(p[there] / q[there])))
