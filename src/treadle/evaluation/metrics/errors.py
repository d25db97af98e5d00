"""Errors of predicted numbers, in the unit of the label: mean and median absolute error, RMSE, and R²."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from treadle.evaluation.answers import Answers
from treadle.evaluation.estimate import Estimate
from treadle.evaluation.intervals import Z, effective_rows, mean, normal

Value = Callable[[np.ndarray], float]


def errors(answers: Answers) -> np.ndarray:
    """Truth minus answer, shape (n,)."""
    return answers.y - answers.labels


def mae(answers: Answers) -> Estimate | None:
    """The mean absolute error."""
    return mean(np.abs(errors(answers)), answers.weights, floor=0.0)


def rmse(answers: Answers) -> Estimate | None:
    """The root of the mean squared error; the interval is that of the mean square, rooted."""
    square = mean(errors(answers) ** 2, answers.weights, floor=0.0)
    return Estimate(math.sqrt(square.value), math.sqrt(square.low), math.sqrt(square.high))


def prepare_rmse(answers: Answers) -> Value:
    """RMSE under any row weights."""
    squares = errors(answers) ** 2
    return lambda weights: math.sqrt(float(weights @ squares) / float(weights.sum()))


def r2(answers: Answers) -> Estimate | None:
    """The share of the label's variance that is explained; None when the label does not vary.

    The interval is the delta method on mean squared error over variance.
    """
    value = prepare_r2(answers)(answers.weights)
    if math.isnan(value):
        return None
    weights = answers.weights / answers.weights.sum()
    around = (answers.y - weights @ answers.y) ** 2
    spread = float(weights @ around)
    influence = -(errors(answers) ** 2 - (1 - value) * around) / spread
    return normal(value, math.sqrt(float((weights * weights) @ influence**2)), ceiling=1.0)


def prepare_r2(answers: Answers) -> Value:
    """R² under any row weights; NaN when the label does not vary."""
    squares, y = errors(answers) ** 2, answers.y

    def value(weights: np.ndarray) -> float:
        middle = float(weights @ y) / float(weights.sum())
        spread = float(weights @ (y - middle) ** 2)
        return 1 - float(weights @ squares) / spread if spread else math.nan

    return value


def median_absolute_error(answers: Answers) -> Estimate | None:
    """The median absolute error, with the distribution-free interval of order statistics (David & Nagaraja, 2003)."""
    value = prepare_median(answers)
    n = effective_rows(answers.weights)
    half = Z * 0.5 / math.sqrt(n)
    at = value.at
    return Estimate(
        at(answers.weights, 0.5), at(answers.weights, max(0.5 - half, 0.0)), at(answers.weights, min(0.5 + half, 1.0))
    )


class prepare_median:
    """Weighted quantiles of the absolute error, sorted once."""

    def __init__(self, answers: Answers) -> None:
        absolute = np.abs(errors(answers))
        self._order = np.argsort(absolute, kind="stable")
        self._sorted = absolute[self._order]

    def __call__(self, weights: np.ndarray) -> float:
        return self.at(weights, 0.5)

    def at(self, weights: np.ndarray, q: float) -> float:
        """The smallest error that at least a share `q` of the weight does not exceed; the middle of two when it falls between."""
        total = np.cumsum(weights[self._order])
        target = q * total[-1]
        first = int(np.searchsorted(total, target * (1 - 1e-12)))
        first = min(first, len(total) - 1)
        if q == 0.5 and math.isclose(total[first], target, rel_tol=1e-12) and first + 1 < len(total):
            after = int(np.searchsorted(total, total[first], side="right"))
            return float(self._sorted[first] + self._sorted[min(after, len(total) - 1)]) / 2
        return float(self._sorted[first])
