"""How sure a metric over whole days is, and how sure a difference between two sets of days: the jackknife that leaves out a day.

Source: B. Efron, C. Stein, "The Jackknife Estimate of Variance", Annals of Statistics 9 (1981), with days as the units
(M. Quenouille's grouped form), because rows within a day depend on each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from treadle.monitoring.tails import t_point, t_tail

Value = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Measured:
    """A metric over `days` days with the sum of squared influences of single days, and its limits."""

    value: float
    days: int
    squares: float
    low: float
    high: float

    def within(self, least: float, most: float) -> Measured:
        """The same with limits that the metric can reach."""
        return replace(self, low=max(self.low, least), high=min(self.high, most))


@dataclass(frozen=True)
class Fall:
    """How much worse (`drop`, positive is worse) a window is than the reference, and the chance of that by luck."""

    drop: float
    error: float
    p: float


def measured(sums: np.ndarray, value: Value, chance: float = 0.025) -> Measured | None:
    """The metric of all days of `sums`, shape (days, width); None where it has no meaning.

    `chance` is that of lying beyond each limit: 0.025 gives 95 % limits.

    >>> means = lambda s: s[..., 0] / s[..., 1]
    >>> found = measured(np.array([[3.0, 10.0], [5.0, 10.0], [4.0, 10.0]]), means)
    >>> found.value, round(found.low, 3), round(found.high, 3)
    (0.4, 0.152, 0.648)
    """
    sums = sums[sums.any(axis=1)]
    total = sums.sum(axis=0)
    whole = float(value(total)) if len(sums) else math.nan
    if not math.isfinite(whole):
        return None
    if len(sums) < 2:
        return Measured(whole, len(sums), 0.0, whole, whole)
    without = value(total - sums)
    without = without[np.isfinite(without)]
    days = max(len(without), 2)
    influence = (days - 1) * (without.mean() - without) if len(without) else np.zeros(1)
    squares = float(influence @ influence)
    half = t_point(chance, days - 1) * math.sqrt(squares / (days - 1) / days)
    return Measured(whole, days, squares, whole - half, whole + half)


def fallen(released: Measured, live: Measured, *, higher_is_better: bool) -> Fall:
    """Whether the live metric is worse than the released one by more than days differ anyway; one-sided Student test.

    The variance of a day's influence is pooled over both, which is right when nothing changed.
    """
    drop = released.value - live.value if higher_is_better else live.value - released.value
    freedom = released.days + live.days - 2
    if freedom < 1:
        return Fall(drop, math.inf, 1.0)
    variance = (released.squares + live.squares) / freedom
    error = math.sqrt(variance * (1 / released.days + 1 / live.days))
    if not error:
        return Fall(drop, 0.0, 0.0 if drop > 0 else 1.0)
    return Fall(drop, error, t_tail(drop / error, freedom))
