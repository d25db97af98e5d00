"""95 % confidence intervals of shares, means and transformed estimates.

Sources: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927) for shares; the
central limit theorem for means; the delta method on the logit for numbers that live between 0 and 1.
"""

from __future__ import annotations

import math

import numpy as np

from treadle.evaluation.estimate import Estimate

Z = 1.959963984540054  # the 97.5 % point of the normal distribution


def effective_rows(weights: np.ndarray) -> float:
    """How many equally weighted rows carry as much information: (Σw)² / Σw² (Kish, 1965); 0 for no weight at all."""
    squares = float(weights @ weights)
    return float(weights.sum()) ** 2 / squares if squares else 0.0


def share(value: float, n: float) -> Estimate:
    """Wilson's interval of a share seen in `n` rows.

    >>> found = share(0.5, 100); round(found.low, 4), round(found.high, 4)
    (0.4038, 0.5962)
    """
    spread = 1 + Z * Z / n
    middle = (value + Z * Z / (2 * n)) / spread
    half = Z / spread * math.sqrt(value * (1 - value) / n + Z * Z / (4 * n * n))
    return Estimate(value, max(0.0, min(middle - half, value)), min(1.0, max(middle + half, value)))


def normal(value: float, error: float, *, floor: float = -math.inf, ceiling: float = math.inf) -> Estimate:
    """The value and 1.96 standard errors around it, cut at the ends of its range."""
    return Estimate(value, max(floor, value - Z * error), min(ceiling, value + Z * error))


def unit(value: float, error: float, n: float) -> Estimate:
    """The interval of a number between 0 and 1 from its standard error, symmetric on the logit.

    At 0 and 1 the standard error says nothing; there the far end is what `n` rows without a single exception allow
    (0.05^(1/n), the one-sided Clopper–Pearson bound).
    """
    if value <= 0.0 or value >= 1.0 or error == 0.0:
        slack = 1 - 0.05 ** (1 / max(n, 1.0))
        return Estimate(value, max(0.0, value - slack), min(1.0, value + slack))
    logit, width = math.log(value / (1 - value)), Z * error / (value * (1 - value))
    return Estimate(value, _expit(logit - width), _expit(logit + width))


def mean(rows: np.ndarray, weights: np.ndarray, *, floor: float = -math.inf) -> Estimate:
    """The weighted mean of per-row values, shape (n,)."""
    total = float(weights.sum())
    value = float(weights @ rows) / total
    error = math.sqrt(float((weights * weights) @ (rows - value) ** 2)) / total
    return normal(value, error, floor=floor)


def _expit(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0
