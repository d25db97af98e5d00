"""Is the model getting worse little by little?"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

import numpy as np

from treadle.evaluation import metric_named
from treadle.evidence import Verdict
from treadle.monitoring.monitor import Monitor
from treadle.monitoring.trend import falling_p, slope
from treadle.monitoring.window import LiveWindow

_WEEK = 7
_FEWEST = 6  # weeks; of fewer even the steadiest fall is not rare enough


@dataclass(frozen=True)
class SlowLeak(Monitor):
    """Does live quality fall from week to week, too slowly for any single window to show?

    The metric of each whole week that has `min_labels` labels is one value. Fails when they fall more steadily than chance allows
    (exact Mann–Kendall test, at most `false_alarms` a year) and Sen's slope makes it `by` or more over the window. Weeks keep days
    that depend on each other together.

    >>> SlowLeak("roc_auc", over="56d").name
    'slow_leak(over=56d, roc_auc)'
    """

    needs_labels: ClassVar[bool] = True
    metric: str
    by: float = 0.05
    min_labels: int = 200
    false_alarms: float = 0.05
    over: str | timedelta = field(default="84d", kw_only=True)
    every: str | timedelta = field(default="7d", kw_only=True)

    def run(self, context: LiveWindow) -> Verdict:
        sums = context.reference.sums if context.reference is not None else None
        if sums is None or self.metric not in sums.metrics:
            return Verdict.skipped(f"{self.metric} cannot be measured on this traffic.", **context.about())
        rows = context.answers
        by_day = sums.by_day(rows, context.day_of(rows), context.first_day, context.days)
        whole = len(by_day) // _WEEK * _WEEK
        weeks = by_day[len(by_day) - whole :].reshape(-1, _WEEK, sums.width).sum(axis=1)
        enough = sums.rows(weeks) >= self.min_labels
        values = sums.value(self.metric, weeks[enough])
        values = values[np.isfinite(values)]
        if len(values) < _FEWEST:
            return Verdict.skipped(
                f"{len(values)} weeks with {self.min_labels} labels are too few to see a trend; {_FEWEST} are needed.",
                **context.about(),
                needed_weeks=_FEWEST,
            )
        sign = 1.0 if metric_named(self.metric).higher_is_better else -1.0
        lost = -slope(sign * values) * (len(values) - 1)
        chance = falling_p(sign * values)
        return Verdict.of(
            not (lost >= self.by and chance <= self.level(self.false_alarms)),
            value=lost,
            threshold=self.by,
            summary=f"{self.metric} went from {values[0]:.3f} to {values[-1]:.3f} in {len(values)} weeks, "
            f"a trend of {-sign * lost:+.3f} (chance {chance:.1g}).",
            **context.about(),
            weeks=[round(float(value), 5) for value in values],
            chance=chance,
        )
