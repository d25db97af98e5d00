"""Wasserstein (earth mover's) distance of order one."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from treadle.errors import InvalidInput
from treadle.statistics.distances.shares import shares


def wasserstein(a: ArrayLike, b: ArrayLike) -> float:
    """How far, on average, values must move to turn one array of finite numbers into the other; in the values' own unit.

    It is the area between the two cumulative distributions. Source: S. Vallender, "Calculation of the Wasserstein Distance Between
    Probability Distributions on the Line", Theory of Probability and its Applications 18 (1974).

    >>> wasserstein([0, 1, 3], [5, 6, 8])
    5.0
    """
    one, other = (np.sort(np.asarray(values, dtype=np.float64)) for values in (a, b))
    if not len(one) or not len(other):
        raise InvalidInput("There are no values on one side.", mend="Compare when both have values.", field="values")
    everywhere = np.sort(np.concatenate([one, other]))
    widths = np.diff(everywhere)
    first = np.searchsorted(one, everywhere[:-1], side="right") / len(one)
    second = np.searchsorted(other, everywhere[:-1], side="right") / len(other)
    return float(np.sum(np.abs(first - second) * widths))


def wasserstein_binned(edges: ArrayLike, expected: ArrayLike, actual: ArrayLike) -> float:
    """The same between two arrays of counts over the bins between `edges` (one more than counts), taken as even within a bin.

    >>> wasserstein_binned([0, 1, 2], [10, 0], [0, 10])
    1.0
    """
    e, a = shares(expected, actual)
    widths = np.diff(np.asarray(edges, dtype=np.float64))
    if len(widths) != len(e):
        raise InvalidInput(f"{len(widths)} bins have {len(e)} counts.", mend="Give one edge more.", field="edges")
    gaps = np.concatenate([[0.0], np.cumsum(e - a)])
    left, right = gaps[:-1], gaps[1:]
    # Between two edges the gap runs straight; where it changes sign its area is that of two triangles.
    same_sign = left * right >= 0
    straight = (np.abs(left) + np.abs(right)) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = (left**2 + right**2) / (2 * (np.abs(left) + np.abs(right)))
    return float(np.sum(np.where(same_sign, straight, crossing) * widths))
