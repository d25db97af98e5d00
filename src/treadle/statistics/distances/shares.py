"""Counts as shares, checked."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from treadle.errors import InvalidInput


def shares(expected: ArrayLike, actual: ArrayLike, *, pseudo: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Both count arrays (same length) as shares that sum to one, after adding `pseudo` to every count.

    Raises `InvalidInput` for arrays of different lengths, negative counts, or nothing counted at all.

    >>> shares([1, 3], [2, 2])
    (array([0.25, 0.75]), array([0.5, 0.5]))
    """
    one, other = np.asarray(expected, dtype=np.float64), np.asarray(actual, dtype=np.float64)
    if one.shape != other.shape or one.ndim != 1:
        raise InvalidInput(
            f"Counts over {one.shape} and {other.shape} bins cannot be compared.",
            mend="Count both over the same bins.",
            field="counts",
        )
    if (one < 0).any() or (other < 0).any() or not (np.isfinite(one).all() and np.isfinite(other).all()):
        raise InvalidInput("Counts must be finite and not negative.", field="counts")
    if not one.sum() or not other.sum():
        raise InvalidInput(
            "There is nothing counted on one side.", mend="Compare when both have values.", field="counts"
        )
    one, other = one + pseudo, other + pseudo
    return one / one.sum(), other / other.sum()
