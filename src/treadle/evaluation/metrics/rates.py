"""Shares of right answers: accuracy, precision, recall and F1."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from treadle.evaluation.answers import Answers
from treadle.evaluation.estimate import Estimate
from treadle.evaluation.intervals import effective_rows, share, unit

Value = Callable[[np.ndarray], float]


def accuracy(answers: Answers) -> Estimate | None:
    """The share of rows answered rightly, with Wilson's interval."""
    return _share(answers, answers.y == answers.labels, np.ones(len(answers), dtype=bool))


def precision(answers: Answers) -> Estimate | None:
    """The share of positive answers that were right; 0 when nothing was answered positive."""
    said = answers.labels == 1
    return _share(answers, answers.positive & said, said) or Estimate(0.0, 0.0, 1.0)


def recall(answers: Answers) -> Estimate | None:
    """The share of positive rows that were found; None without a positive row."""
    return _share(answers, answers.positive & (answers.labels == 1), answers.positive)


def f1(answers: Answers) -> Estimate | None:
    """The harmonic mean of precision and recall, its interval by the delta method; None without a positive row."""
    said, truth, weights = answers.labels == 1, answers.positive, answers.weights
    if not weights[truth].any():
        return None
    value = prepare_f1(answers)(weights)
    size = float(weights[said].sum() + weights[truth].sum()) / float(weights.sum())
    # F1 = 2·hits / (said + truth); its gradient over the four kinds of rows, as in the delta method.
    influence = (2.0 * (said & truth) - value * (said.astype(float) + truth)) / size
    error = math.sqrt(float((weights * weights) @ influence**2)) / float(weights.sum())
    return unit(value, error, effective_rows(weights[said | truth]))


def prepare_share(hit: np.ndarray, asked: np.ndarray) -> Value:
    """The share of `hit` among `asked` rows under any row weights; NaN when none is asked."""
    hits, all_asked = hit.astype(np.float64), asked.astype(np.float64)

    def value(weights: np.ndarray) -> float:
        total = float(weights @ all_asked)
        return float(weights @ hits) / total if total else math.nan

    return value


def prepare_f1(answers: Answers) -> Value:
    """F1 under any row weights."""
    said, truth = (answers.labels == 1).astype(np.float64), answers.positive.astype(np.float64)
    hits, either = said * truth, said + truth

    def value(weights: np.ndarray) -> float:
        total = float(weights @ either)
        return 2 * float(weights @ hits) / total if total else math.nan

    return value


def _share(answers: Answers, hit: np.ndarray, asked: np.ndarray) -> Estimate | None:
    value = prepare_share(hit, asked)(answers.weights)
    return None if math.isnan(value) else share(value, effective_rows(answers.weights[asked]))
