"""Average precision: precision averaged over the positive rows, from the highest score down."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from treadle.evaluation.answers import Answers
from treadle.evaluation.estimate import Estimate
from treadle.evaluation.intervals import effective_rows, unit


def prepare(positive: np.ndarray, score: np.ndarray) -> Callable[[np.ndarray], float]:
    """Sort once, then give the average precision under any row weights; NaN without a positive row."""
    order = np.argsort(-score, kind="stable")
    ordered = score[order]
    ends = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), len(ordered) - 1)
    is_positive = positive[order]

    def value(weights: np.ndarray) -> float:
        sorted_weights = weights[order]
        yes = np.cumsum(np.where(is_positive, sorted_weights, 0.0))[ends]
        seen = np.cumsum(sorted_weights)[ends]
        gained = np.diff(yes, prepend=0.0)
        precision = np.divide(yes, seen, out=np.zeros_like(yes), where=seen > 0)
        return float(gained @ precision) / float(yes[-1]) if yes[-1] else math.nan

    return value


def average_precision(answers: Answers) -> Estimate | None:
    """The average precision with a logit interval over the positive rows; None without one.

    Source of the interval: K. Boyd, K. Eng, C. Page, "Area under the precision-recall curve", ECML PKDD (2013).
    """
    value = prepare(answers.positive, answers.score)(answers.weights)
    if math.isnan(value):
        return None
    n = effective_rows(answers.weights[answers.positive])
    return unit(value, math.sqrt(max(value * (1 - value), 0.0) / n), n)
