"""How likely a difference is when it does not matter which days are in the window: whole days are dealt out again.

The test is exact for days that can change places and needs no assumption about how heavy the tails of a day are (a week with two
storms among months with ten). Source: R. Fisher, "The Design of Experiments" (1935); B. Phipson, G. Smyth, "Permutation P-values
Should Never Be Zero", Statistical Applications in Genetics and Molecular Biology 9 (2010).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

DRAWS = 19_999  # the smallest chance that can be told is one in 20,000

_BLOCK = 4_000  # deals worked on at once

Apart = Callable[[np.ndarray, np.ndarray], np.ndarray]


def permuted_p(reference: np.ndarray, window: np.ndarray, apart: Apart) -> float:
    """The chance of a difference as large as the one seen, when `window` days are drawn from all days.

    `reference` and `window` hold sums that add up over days, shapes (days, width); `apart` says how different the totals of the
    days outside and inside a window are, shapes (…, width) to (…). The same days always give the same answer.

    >>> steady = np.array([[10.0, 10.0], [11.0, 9.0], [9.0, 11.0], [10.0, 10.0], [11.0, 9.0]])
    >>> share = lambda totals: totals[..., 0] / totals.sum(-1)
    >>> round(permuted_p(steady, np.array([[1.0, 19.0]]), lambda out, into: abs(share(out) - share(into))), 1)
    0.2
    """
    reference, window = (days[days.any(axis=1)] for days in (reference, window))
    if not len(reference) or not len(window):
        return 1.0
    days = np.concatenate([reference, window])
    total = days.sum(axis=0)
    inside = window.sum(axis=0)
    seen = float(apart(total - inside, inside))
    as_far = 0
    for deals in _deals(len(days), len(window)):
        drawn = deals @ days
        as_far += int((apart(total - drawn, drawn) >= seen * (1 - 1e-9)).sum())
    return (1 + as_far) / (DRAWS + 1)


@lru_cache(maxsize=4)
def _deals(days: int, window: int) -> list[np.ndarray]:
    """Which days are in the window in each deal, in blocks of shape (deals, days), 0 or 1; the same ones every time."""
    random = np.random.default_rng([days, window])
    blocks = []
    for start in range(0, DRAWS, _BLOCK):
        chance = random.random((min(_BLOCK, DRAWS - start), days), dtype=np.float32)
        last = np.partition(chance, window - 1, axis=1)[:, window - 1 : window]
        blocks.append((chance <= last).astype(np.float32))
    return blocks
