"""Measuring every metric of a task at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from treadle.evaluation.answers import Answers
from treadle.evaluation.catalog import metrics_of
from treadle.evaluation.estimate import Metrics

if TYPE_CHECKING:
    from treadle.models import Task


def evaluate(
    task: Task, y: Any, labels: Any, scores: Any = None, *, classes: Sequence[object] = (), weights: Any = None
) -> Metrics:
    """Every metric of the task with its 95 % interval.

    `y` and `labels` are class values as in the data (or numbers), shape (n,); `scores` are probabilities in the order of
    `classes`, shape (n, k), or for a binary task those of the positive (second) class, shape (n,). Raises `InvalidInput` naming
    the argument for wrong shapes, missing values and unknown classes.

    >>> found = evaluate("binary", [0, 0, 1, 1], [0, 1, 1, 1], [0.1, 0.6, 0.4, 0.9], classes=(0, 1))
    >>> found["roc_auc"].value, found["accuracy"].value, found.n
    (0.75, 0.75, 4)
    """
    return measure(Answers.of(task, y, labels, scores, classes=classes, weights=weights))


def measure(answers: Answers, only: Sequence[str] | None = None) -> Metrics:
    """Every metric of the answers' task, or `only` the named ones; those without meaning here are left out."""
    found = {}
    for metric in metrics_of(answers.task):
        if (only is not None and metric.name not in only) or (metric.needs_scores and answers.scores is None):
            continue
        estimate = metric.estimate(answers)
        if estimate is not None:
            found[metric.name] = estimate
    return Metrics(found, len(answers))
