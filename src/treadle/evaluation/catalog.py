"""Every metric by name: for which tasks, which way is better, and how it is measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from treadle.errors import NotFound
from treadle.evaluation import intervals
from treadle.evaluation.answers import Answers
from treadle.evaluation.estimate import Estimate
from treadle.evaluation.metrics import average_precision, errors, losses, macro, rates, roc_auc

if TYPE_CHECKING:
    from treadle.models import Task

Weighted = Callable[[np.ndarray], float]


@dataclass(frozen=True)
class Metric:
    """One metric.

    `estimate` measures it with its interval (None where it has no meaning). `prepare` gives a function from row weights to its
    value, so that resampling costs one pass; `influence` gives the value and each row's pull on it where that is known in closed
    form, so that many rows need no resampling. `bounded` metrics live between 0 and 1.
    """

    name: str
    tasks: tuple[Task, ...]
    higher_is_better: bool
    bounded: bool
    needs_scores: bool
    estimate: Callable[[Answers], Estimate | None]
    prepare: Callable[[Answers], Weighted]
    influence: Callable[[Answers], tuple[float, np.ndarray]] | None = None

    def gain(self, value: float, over: float) -> float:
        """How much better `value` is than `over`: positive is better, whichever way the metric points."""
        return value - over if self.higher_is_better else over - value


def _mean_of(rows: Callable[[Answers], np.ndarray]) -> Callable[[Answers], Weighted]:
    def prepare(answers: Answers) -> Weighted:
        values = rows(answers)
        return lambda weights: float(weights @ values) / float(weights.sum())

    return prepare


def _mean_estimate(rows: Callable[[Answers], np.ndarray]) -> Callable[[Answers], Estimate | None]:
    return lambda answers: intervals.mean(rows(answers), answers.weights, floor=0.0)


def _all(answers: Answers) -> np.ndarray:
    return np.ones(len(answers), dtype=bool)


def _said(answers: Answers) -> np.ndarray:
    return answers.labels == 1


def _hits(answers: Answers) -> np.ndarray:
    return answers.positive & _said(answers)


_CLASSES: tuple[Task, ...] = ("binary", "multiclass")
_METRICS = (
    Metric("roc_auc", ("binary",), True, True, True, roc_auc.roc_auc, lambda a: roc_auc.prepare(a.positive, a.score),
           roc_auc.influence),
    Metric("average_precision", ("binary",), True, True, True, average_precision.average_precision,
           lambda a: average_precision.prepare(a.positive, a.score)),
    Metric("log_loss", _CLASSES, False, False, True, _mean_estimate(losses.log_loss_rows), _mean_of(losses.log_loss_rows)),
    Metric("brier", ("binary",), False, True, True, _mean_estimate(losses.brier_rows), _mean_of(losses.brier_rows)),
    Metric("accuracy", _CLASSES, True, True, False, rates.accuracy, lambda a: rates.prepare_share(a.y == a.labels, _all(a))),
    Metric("f1", ("binary",), True, True, False, rates.f1, rates.prepare_f1),
    Metric("precision", ("binary",), True, True, False, rates.precision, lambda a: rates.prepare_share(_hits(a), _said(a))),
    Metric("recall", ("binary",), True, True, False, rates.recall, lambda a: rates.prepare_share(_hits(a), a.positive)),
    Metric("macro_f1", ("multiclass",), True, True, False, macro.macro_f1, macro.prepare_macro_f1),
    Metric("roc_auc_ovr", ("multiclass",), True, True, True, macro.roc_auc_ovr, macro.prepare_auc_ovr),
    Metric("r2", ("regression",), True, False, False, errors.r2, errors.prepare_r2),
    Metric("mae", ("regression",), False, False, False, errors.mae, _mean_of(lambda a: np.abs(errors.errors(a)))),
    Metric("rmse", ("regression",), False, False, False, errors.rmse, errors.prepare_rmse),
    Metric("median_absolute_error", ("regression",), False, False, False, errors.median_absolute_error, errors.prepare_median),
)  # fmt: skip
METRICS: dict[str, Metric] = {metric.name: metric for metric in _METRICS}


def metrics_of(task: Task) -> tuple[Metric, ...]:
    """The metrics of a task, the most telling first."""
    return tuple(metric for metric in _METRICS if task in metric.tasks)


def metric_named(name: str, task: Task | None = None) -> Metric:
    """The metric of that name; raises `NotFound` with the nearest one that the task has.

    >>> metric_named("rmse").higher_is_better
    False
    """
    found = METRICS.get(name)
    if found is None or (task is not None and task not in found.tasks):
        known = [metric.name for metric in _METRICS if task is None or task in metric.tasks]
        raise NotFound.among("metric" if task is None else f"{task} metric", name, known, field="metric")
    return found


def primary_metric(task: Task) -> str:
    """The metric candidates are ranked by unless something else is asked for.

    >>> primary_metric("binary"), primary_metric("multiclass"), primary_metric("regression")
    ('roc_auc', 'accuracy', 'r2')
    """
    return {"binary": "roc_auc", "multiclass": "accuracy", "regression": "r2"}[task]
