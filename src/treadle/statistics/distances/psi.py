"""Population stability index."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from treadle.statistics.distances.shares import shares


def psi(expected: ArrayLike, actual: ArrayLike) -> float:
    """The population stability index between two arrays of counts over the same bins: 0 when equal, no upper bound.

    Half a count is added to every bin (Jeffreys' prior), so an empty bin neither divides by zero nor dominates. By custom, below
    0.1 is called stable and above 0.25 a shift. Source: S. Siddiqi, "Credit Risk Scorecards" (2006); B. Yurdakul, "Statistical
    Properties of Population Stability Index" (2018).

    >>> psi([100, 100], [100, 100])
    0.0
    >>> round(psi([500, 500], [600, 400]), 4)
    0.0405
    """
    e, a = shares(expected, actual, pseudo=0.5)
    return float(np.sum((a - e) * np.log(a / e)))
