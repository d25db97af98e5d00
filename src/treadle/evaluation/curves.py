"""Points of the ROC and the precision-recall curve, few enough to draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from treadle.evaluation.answers import Answers

POINTS = 200


@dataclass(frozen=True)
class Curve:
    """A line through points; `thresholds[i]` is the score from which on rows count as positive at that point."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    thresholds: tuple[float, ...]


def curves(answers: Answers, points: int = POINTS) -> tuple[Curve, ...]:
    """`roc` (false-positive share, recall) and `precision_recall` (recall, precision) of a binary classifier; else nothing.

    At most `points` points each, evenly spread over the rows; empty when only one class occurs.
    """
    if answers.task != "binary" or answers.scores is None:
        return ()
    thresholds, yes, no = cumulated(answers)
    if yes[-1] == 0 or no[-1] == 0:
        return ()
    keep = _spread(yes + no, points - 1)
    thresholds, yes, no = thresholds[keep], yes[keep], no[keep]
    recall, false_share = yes / yes[-1], no / no[-1]
    precision = yes / (yes + no)
    start = float(np.nextafter(thresholds[0], np.inf))
    return (
        Curve("roc", (0.0, *_floats(false_share)), (0.0, *_floats(recall)), (start, *_floats(thresholds))),
        Curve("precision_recall", _floats(recall), _floats(precision), _floats(thresholds)),
    )


def cumulated(answers: Answers) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each distinct score, highest first: the score, and the weight of positive and negative rows at or above it."""
    score = answers.score.astype(np.float64)
    order = np.argsort(-score, kind="stable")
    ordered = score[order]
    ends = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), len(ordered) - 1)
    positive = answers.positive[order]
    yes = np.cumsum(np.where(positive, answers.weights[order], 0.0))[ends]
    no = np.cumsum(np.where(positive, 0.0, answers.weights[order]))[ends]
    return ordered[ends], yes, no


def _spread(seen: np.ndarray, points: int) -> np.ndarray:
    if len(seen) <= points:
        return np.arange(len(seen))
    targets = np.linspace(seen[0], seen[-1], points)
    return np.unique(np.minimum(np.searchsorted(seen, targets), len(seen) - 1))


def _floats(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
