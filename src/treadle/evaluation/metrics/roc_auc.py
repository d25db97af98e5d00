"""Area under the ROC curve: the chance that a positive row scores above a negative one (ties count half)."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from treadle.evaluation.answers import Answers
from treadle.evaluation.estimate import Estimate
from treadle.evaluation.intervals import effective_rows, unit

Value = Callable[[np.ndarray], float]


def prepare(positive: np.ndarray, score: np.ndarray) -> Value:
    """Sort once, then give the AUC under any row weights in linear time; NaN when one class has no weight."""
    order = np.argsort(score, kind="stable")
    starts = _group_starts(score[order])
    is_positive = positive[order]

    def value(weights: np.ndarray) -> float:
        sorted_weights = weights[order]
        yes = np.add.reduceat(np.where(is_positive, sorted_weights, 0.0), starts)
        no = np.add.reduceat(np.where(is_positive, 0.0, sorted_weights), starts)
        below = np.cumsum(no) - no
        total = float(yes.sum()) * float(no.sum())
        return float(yes @ (below + 0.5 * no)) / total if total else math.nan

    return value


def placements(positive: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """For each row the share of the other class that it beats, shape (n,): DeLong's structural components.

    A positive row beats the negatives that score below it, a negative row those positives that score above it.
    """
    order = np.argsort(score, kind="stable")
    starts = _group_starts(score[order])
    sizes = np.diff(np.append(starts, len(score)))
    sorted_weights = weights[order]
    yes = np.where(positive[order], sorted_weights, 0.0)
    no = sorted_weights - yes
    yes_group, no_group = np.add.reduceat(yes, starts), np.add.reduceat(no, starts)
    beaten = (np.cumsum(no_group) - 0.5 * no_group) / no_group.sum()
    beating = (yes_group.sum() - np.cumsum(yes_group) + 0.5 * yes_group) / yes_group.sum()
    placed = np.empty(len(score))
    placed[order] = np.where(positive[order], np.repeat(beaten, sizes), np.repeat(beating, sizes))
    return placed


def roc_auc(answers: Answers) -> Estimate | None:
    """The AUC with DeLong's interval on the logit; None when only one class occurs.

    Source: E. DeLong, D. DeLong, D. Clarke-Pearson, Biometrics 44 (1988); linear-time form: X. Sun, W. Xu, IEEE Signal
    Processing Letters 21 (2014).
    """
    positive, weights = answers.positive, answers.weights
    if not (weights[positive].any() and weights[~positive].any()):
        return None
    value, pulls = influence(answers)
    rarer = min(effective_rows(weights[positive]), effective_rows(weights[~positive]))
    return unit(value, math.sqrt(float(pulls @ pulls)), rarer)


def influence(answers: Answers) -> tuple[float, np.ndarray]:
    """The AUC and how much each row pulls it, shape (n,); the square root of their sum of squares is its standard error.

    Two models on the same rows differ by the difference of their pulls, so pairing them costs nothing more (DeLong's
    covariance). Both classes must have weight.
    """
    positive, weights = answers.positive, answers.weights
    placed = placements(positive, answers.score, weights)
    value = float(weights[positive] @ placed[positive] / weights[positive].sum())
    pulls = np.zeros(len(placed))
    for rows in (positive, ~positive):
        pulls[rows] = weights[rows] / weights[rows].sum() * (placed[rows] - value) * _unbiased(weights[rows])
    return value, pulls


def _unbiased(weights: np.ndarray) -> float:
    n = effective_rows(weights)
    return math.sqrt(n / (n - 1)) if n > 1 else 1.0


def _group_starts(ordered: np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
