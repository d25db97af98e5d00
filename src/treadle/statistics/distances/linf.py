"""L-infinity distance."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from treadle.statistics.distances.shares import shares


def linf(expected: ArrayLike, actual: ArrayLike) -> float:
    """The largest difference in share of any one bin or category, 0 to 1: how TensorFlow Data Validation compares categories.

    Source: E. Breck et al., "Data Validation for Machine Learning", SysML 2019, section 3.

    >>> round(linf([500, 300, 200], [400, 300, 300]), 3)
    0.1
    """
    e, a = shares(expected, actual)
    return float(np.max(np.abs(e - a)))
