"""Losses of probabilities, averaged over rows: log loss and Brier score (less is better)."""

from __future__ import annotations

import numpy as np

from treadle.evaluation.answers import Answers


def log_loss_rows(answers: Answers) -> np.ndarray:
    """Minus the logarithm of the probability given to the true class, shape (n,).

    Probabilities are kept off 0 and 1 by the resolution of their own number type, and rows are made to add up to one.
    """
    scores = answers.scores
    assert scores is not None
    tiny = float(np.finfo(scores.dtype).eps)
    wide = np.clip(scores.astype(np.float64), tiny, 1 - tiny)
    told = wide[np.arange(len(wide)), answers.y] / wide.sum(axis=1)
    return -np.log(told)


def brier_rows(answers: Answers) -> np.ndarray:
    """The squared distance of the positive class's probability from what happened, shape (n,).

    Source: G. W. Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78 (1950).
    """
    return (answers.score.astype(np.float64) - answers.positive) ** 2
