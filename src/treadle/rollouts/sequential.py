"""Is the challenger worse? A test that stays valid however often one looks, and whichever way labels come.

The design is the proof. Each unit (a key) got the challenger with a known chance w, drawn by a salted hash, so that whatever
its loss L would have been and whenever its label came, x = (Z - w)(L - b) / (w(1 - w)) is on average the harm the challenger
did to this unit (Z: it got the challenger; b: a guess of its loss made from earlier units, which only calms x down). If the
challenger harms nobody, a gambler who bets on every x before seeing it cannot expect to win: the wealth is a supermartingale,
and by Ville's inequality it ever reaches 1/alpha with a chance of at most alpha, whatever is correlated with whatever. So
p = 1 / (the greatest wealth so far) is valid at every look. The wealth is a mixture over a grid of bets that do not depend on
the data, so it is also valid where some units are helped and others harmed as long as the average harm is not above zero.

Sources: I. Waudby-Smith, A. Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86 (2024), 1-27 (betting,
mixtures of bets, confidence sequences); D. Ham, I. Bojinov, M. Lindon, M. Tingley, "Design-based confidence sequences: a general
approach to risk mitigation in online experimentation" (2022), arXiv:2210.08639 (the design as the only source of chance).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

BETS = tuple(0.01 * 1.45**step for step in range(16))
"""The grid of bets, as shares of the wealth for one unit of harm."""
FEW = BETS[::3]
"""A coarser grid, for the ends of the confidence sequence, which take many tries."""
MOST = 0.9
"""No bet risks more than this part of the wealth on one unit."""
STEADY = 8.0
"""How many units the first guess of a loss counts for."""


@dataclass(frozen=True)
class Harm:
    """Per unit: an unbiased estimate of the harm, and the least and the greatest it could have been; each of shape (units,)."""

    values: np.ndarray
    least: np.ndarray
    greatest: np.ndarray


@dataclass(frozen=True)
class Finding:
    """What the test says after all units: the p-value against "no harm above the margin", the estimated mean harm, a confidence
    sequence for it at the level 1 - 2 alpha (each end at alpha), and whether harm of the margin or more is ruled out."""

    units: int
    p_value: float
    difference: float | None
    low: float | None
    high: float | None
    not_worse: bool


def harm(treated: np.ndarray, share: np.ndarray, loss: np.ndarray, strata: np.ndarray | None = None) -> Harm:
    """The harm of each unit in the order of use: `treated` 0/1, `share` the chance of that, `loss` in [0, 1].

    `strata` are whole numbers that hold what is known about a unit and is not moved by who answered it (its outcome, say); the
    guess of a loss is the mean of the earlier losses of the stratum.

    >>> import numpy as np
    >>> found = harm(np.array([1, 0]), np.array([0.5, 0.5]), np.array([0.3, 0.3]))
    >>> found.values.round(2).tolist()
    [0.1, -0.08]
    """
    import numpy as np

    treated, share, loss = (np.asarray(each, dtype=float) for each in (treated, share, loss))
    guess = _guesses(loss, np.zeros(len(loss), dtype=int) if strata is None else np.asarray(strata))
    values = (treated - share) * (loss - guess) / (share * (1 - share))
    least = -np.maximum(guess / share, (1 - guess) / (1 - share))
    greatest = np.maximum((1 - guess) / share, guess / (1 - share))
    return Harm(values, least, greatest)


def wealth(gains: np.ndarray, worst: np.ndarray, grid: Sequence[float] = BETS) -> np.ndarray:
    """The logarithm of the wealth after each unit, for `gains` that are no better than fair and never below `worst` (< 0).

    >>> import numpy as np
    >>> bool(wealth(np.ones(50), -np.ones(50))[-1] > math.log(1000))
    True
    """
    import numpy as np

    if not len(gains):
        return np.zeros(0)
    bets = np.minimum(np.asarray(grid)[:, None], MOST / -worst[None, :])
    logs = np.cumsum(np.log1p(bets * gains[None, :]), axis=1)
    top = logs.max(axis=0)
    return top + np.log(np.exp(logs - top).mean(axis=0))


def p_values(gains: np.ndarray, worst: np.ndarray) -> np.ndarray:
    """The p-value after each unit: one over the greatest wealth so far, at most 1; it never rises.

    >>> import numpy as np
    >>> bool(p_values(np.array([0.5, -0.5]), -np.ones(2)).max() <= 1)
    True
    """
    import numpy as np

    return np.exp(-np.maximum(np.maximum.accumulate(wealth(gains, worst)), 0.0)) if len(gains) else np.ones(0)


def exceeds(values: np.ndarray, limit: float) -> float:
    """The p-value against "the mean is at most `limit`" for values in [0, 1] in the order they came, valid at every look.

    >>> import numpy as np
    >>> exceeds(np.ones(20), 0.1) < 0.001, exceeds(np.zeros(20), 0.1)
    (True, 1.0)
    """
    import numpy as np

    gains = np.asarray(values, dtype=float) - limit
    return float(p_values(gains, np.full(len(gains), -limit))[-1]) if len(gains) else 1.0


def worse(harms: Harm, margin: float) -> np.ndarray:
    """The p-value after each unit against "the mean harm is at most `margin`"; shape (units,)."""
    return p_values(harms.values - margin, harms.least - margin)


def no_worse(harms: Harm, margin: float) -> np.ndarray:
    """The p-value after each unit against "the mean harm is at least `margin`"; shape (units,)."""
    return p_values(margin - harms.values, margin - harms.greatest)


def find(harms: Harm, *, alpha: float, margin: float) -> Finding:
    """What the units say so far about the harm: see `Finding`."""
    import numpy as np

    count = len(harms.values)
    if not count:
        return Finding(0, 1.0, None, None, None, False)
    needed = math.log(1 / alpha)

    def above(bound: float) -> bool:
        """Whether the mean harm is shown to be above `bound`."""
        return bool(np.max(wealth(harms.values - bound, harms.least - bound, FEW)) >= needed)

    def below(bound: float) -> bool:
        return bool(np.max(wealth(bound - harms.values, bound - harms.greatest, FEW)) >= needed)

    difference = float(np.mean(harms.values))
    return Finding(
        units=count,
        # against the margin, not against nothing: a fresh version weighs the outcomes of one odd day a little differently
        p_value=float(worse(harms, margin)[-1]),
        difference=difference,
        low=_edge(above, difference, -1.0),
        high=_edge(below, difference, 1.0),
        not_worse=bool(no_worse(harms, margin)[-1] <= alpha),
    )


def _edge(shown: Callable[[float], bool], middle: float, far: float) -> float:
    """The bound nearest to `middle` that is shown, to within a twentieth of its distance; `far` when none is.

    A mean harm lies between -1 and 1, though the estimate of a few units may not.
    """
    middle = min(max(middle, -1.0), 1.0)
    step, good, bad = 0.002, far, middle
    while step < abs(far - middle):  # outwards until one is shown, each step twice as long
        bound = middle + math.copysign(step, far - middle)
        if shown(bound):
            good = bound
            break
        step, bad = 2 * step, bound
    for _ in range(4 if good != bad else 0):
        between = (good + bad) / 2
        good, bad = (between, bad) if shown(between) else (good, between)
    return good


def _guesses(loss: np.ndarray, strata: np.ndarray) -> np.ndarray:
    """For each unit the mean loss of the earlier units of its stratum, drawn a little towards the mean of all earlier ones."""
    import numpy as np

    before = np.concatenate(([0.0], np.cumsum(loss)[:-1]))
    overall = (before + 0.25 * STEADY) / (np.arange(len(loss)) + STEADY)
    guess = overall.copy()
    for stratum in np.unique(strata):
        here = np.flatnonzero(strata == stratum)
        mine = np.concatenate(([0.0], np.cumsum(loss[here])[:-1]))
        guess[here] = (mine + STEADY * overall[here]) / (np.arange(len(here)) + STEADY)
    return np.clip(guess, 0.0, 1.0)
