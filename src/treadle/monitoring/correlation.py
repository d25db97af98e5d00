"""How closely two measures of the same predictions go together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

_NORMAL = 1.959963984540054  # the 97.5 % quantile


@dataclass(frozen=True)
class Correlation:
    """A rank correlation over `rows` pairs with its 95 % interval; `value` is None where one side never changes."""

    rows: int
    value: float | None
    low: float = -1.0
    high: float = 1.0


def spearman(one: Any, other: Any) -> Correlation:
    """Spearman's rank correlation of two arrays of shape (n,), ties sharing their mean rank.

    The interval is Fisher's, with the variance 1.06 / (n - 3) that ranks need.
    Source: E. C. Fieller, H. O. Hartley and E. S. Pearson, "Tests for rank correlation coefficients I" (1957).

    >>> spearman([1, 2, 3, 4], [10, 20, 30, 25]).value
    0.8
    """
    import numpy as np

    left, right = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    both = np.isfinite(left) & np.isfinite(right)
    left, right = _ranks(left[both]), _ranks(right[both])
    rows = len(left)
    if rows < 4 or not left.std() or not right.std():
        return Correlation(rows, None)
    value = float(np.clip(((left - left.mean()) * (right - right.mean())).mean() / (left.std() * right.std()), -1, 1))
    middle = math.atanh(min(max(value, -1 + 1e-12), 1 - 1e-12))
    reach = _NORMAL * math.sqrt(1.06 / (rows - 3))
    return Correlation(rows, round(value, 12), math.tanh(middle - reach), math.tanh(middle + reach))


def _ranks(values: Any) -> Any:
    """Ranks from 1, ties sharing their mean."""
    import numpy as np

    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[places]
