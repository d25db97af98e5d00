"""Which of two models is better on the same rows, and whether that could be luck."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from treadle.errors import InvalidInput
from treadle.evaluation.answers import Answers
from treadle.evaluation.catalog import metric_named, primary_metric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from treadle.models import Prediction, Task

REPLICATES = {10_000: 1_000, 50_000: 400}  # up to so many rows, so many resamples
FEWEST = 200


@dataclass(frozen=True)
class Comparison:
    """Two models on the same n rows.

    `difference` says how much better `a` is than `b` in the unit of the metric: positive is better, whichever way the metric
    points. `low` and `high` are its 95 % interval; `better` is a `tie` when zero lies inside.
    """

    metric: str
    a: float
    b: float
    difference: float
    low: float
    high: float
    better: Literal["a", "b", "tie"]
    n: int


def compare(
    task: Task,
    y: Any,
    a: Prediction,
    b: Prediction,
    metric: str | None = None,
    *,
    classes: Sequence[object] = (),
    weights: Any = None,
    seed: int = 0,
) -> Comparison:
    """Compare two models' answers to the same rows by a paired bootstrap: each resample draws rows, with both answers.

    `a` and `b` have `labels` and `scores` as in `evaluate`. The same seed gives the same interval. Raises `InvalidInput` when the
    metric has no meaning on these rows. Source: B. Efron, R. Tibshirani, "An introduction to the bootstrap" (1993), ch. 13.
    """
    chosen = metric_named(metric or primary_metric(task), task)
    one = Answers.of(task, y, a.labels, a.scores, classes=classes, weights=weights)
    other = Answers.of(task, y, b.labels, b.scores, classes=classes, weights=weights)
    if chosen.needs_scores and (one.scores is None or other.scores is None):
        raise InvalidInput(f"{chosen.name} needs the scores of both models.", field="scores")
    value_a, value_b = chosen.prepare(one), chosen.prepare(other)
    whole_a, whole_b = value_a(one.weights), value_b(other.weights)
    if math.isnan(whole_a) or math.isnan(whole_b):
        raise InvalidInput(
            f"{chosen.name} has no meaning on these {len(one)} rows.",
            mend="It needs rows of every class.",
            field="metric",
        )
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(_replicates(len(one))):
        times = np.bincount(rng.integers(len(one), size=len(one)), minlength=len(one)) * one.weights
        drawn.append(chosen.gain(value_a(times), value_b(times)))
    sampled = np.array(drawn)[~np.isnan(drawn)]
    difference = chosen.gain(whole_a, whole_b)
    low, high = (
        (float(end) for end in np.quantile(sampled, [0.025, 0.975])) if len(sampled) else (difference, difference)
    )
    better: Literal["a", "b", "tie"] = "a" if low > 0 else "b" if high < 0 else "tie"
    return Comparison(chosen.name, whole_a, whole_b, difference, low, high, better, len(one))


def _replicates(rows: int) -> int:
    return next((count for limit, count in REPLICATES.items() if rows <= limit), FEWEST)
