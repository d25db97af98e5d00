"""Averages over classes, each class counting alike: macro F1 and one-versus-rest ROC AUC."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from treadle.evaluation.answers import Answers
from treadle.evaluation.estimate import Estimate
from treadle.evaluation.intervals import effective_rows, unit
from treadle.evaluation.metrics import roc_auc

Value = Callable[[np.ndarray], float]


def prepare_macro_f1(answers: Answers) -> Value:
    """Macro F1 under any row weights; a class that neither occurs nor is answered is left out."""
    k = len(answers.classes)
    cells = answers.y * k + answers.labels

    def value(weights: np.ndarray) -> float:
        table = np.bincount(cells, weights, minlength=k * k).reshape(k, k)
        size = table.sum(axis=0) + table.sum(axis=1)
        return float(np.mean(2 * np.diag(table)[size > 0] / size[size > 0]))

    return value


def macro_f1(answers: Answers) -> Estimate | None:
    """The mean of the classes' F1, its interval by the delta method over the confusion table."""
    k, weights = len(answers.classes), answers.weights
    table = np.bincount(answers.y * k + answers.labels, weights, minlength=k * k).reshape(k, k) / weights.sum()
    size = table.sum(axis=0) + table.sum(axis=1)
    seen = size > 0
    scores = np.divide(2 * np.diag(table), size, out=np.zeros(k), where=seen)
    pull = np.divide(scores, size, out=np.zeros(k), where=seen)
    gain = np.divide(2.0, size, out=np.zeros(k), where=seen)
    gradient = (np.diag(gain) - pull[:, None] - pull[None, :]) / seen.sum()
    variance = float((table * gradient**2).sum() - (table * gradient).sum() ** 2)
    n = effective_rows(weights)
    return unit(float(scores[seen].mean()), math.sqrt(max(variance, 0.0) / n), n)


def prepare_auc_ovr(answers: Answers) -> Value:
    """The mean one-versus-rest AUC under any row weights, over the classes that occur."""
    assert answers.scores is not None
    scores = answers.scores
    each = [roc_auc.prepare(answers.y == c, scores[:, c]) for c in _occurring(answers)]

    def value(weights: np.ndarray) -> float:
        found = [one for one in (auc(weights) for auc in each) if not math.isnan(one)]
        return float(np.mean(found)) if found else math.nan

    return value


def roc_auc_ovr(answers: Answers) -> Estimate | None:
    """The mean of each class's AUC against the rest, over the classes that occur; None when only one does.

    The interval sums every row's influence on the classes' AUCs (DeLong's components), so their correlation counts.
    """
    classes, weights = _occurring(answers), answers.weights
    if len(classes) < 2:
        return None
    assert answers.scores is not None
    influence, values = np.zeros(len(answers)), []
    for c in classes:
        positive = answers.y == c
        placed = roc_auc.placements(positive, answers.scores[:, c], weights)
        value = float(weights[positive] @ placed[positive] / weights[positive].sum())
        for rows in (positive, ~positive):
            influence[rows] += weights[rows] / weights[rows].sum() * (placed[rows] - value) / len(classes)
        values.append(value)
    rarest = min(effective_rows(weights[answers.y == c]) for c in classes)
    return unit(float(np.mean(values)), math.sqrt(float(influence @ influence)), rarest)


def _occurring(answers: Answers) -> list[int]:
    totals = np.bincount(answers.y, answers.weights, minlength=len(answers.classes))
    return [] if (totals > 0).sum() < 2 else [int(c) for c in np.flatnonzero(totals)]
