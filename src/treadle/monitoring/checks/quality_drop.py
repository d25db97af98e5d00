"""Has the model become worse than it was at release?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from treadle.errors import InvalidInput
from treadle.evaluation import metric_named
from treadle.evidence import Verdict
from treadle.monitoring.jackknife import fallen, measured
from treadle.monitoring.monitor import Monitor
from treadle.monitoring.permuting import DRAWS, permuted_p
from treadle.monitoring.window import LiveWindow


@dataclass(frozen=True)
class QualityDrop(Monitor):
    """Is live quality within `by` of what the release had on the rows it did not learn from?

    Fails when the metric is worse by `by` or more, and by more than whole days differ anyway: both carry an interval from leaving
    out days, and there are at most `false_alarms` a year when nothing changed. It waits until labels are final; a window with
    fewer than `min_labels` labels judges nothing.

    >>> QualityDrop("f1", by=0.05).name
    'quality_drop(f1)'
    """

    needs_labels: ClassVar[bool] = True
    metric: str
    by: float = 0.05
    min_labels: int = 500
    false_alarms: float = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.by < 1:
            raise InvalidInput(f"by must lie between 0 and 1, not {self.by}.", mend="For example by=0.05.", field="by")

    def run(self, context: LiveWindow) -> Verdict:
        if context.labels < self.min_labels:
            return Verdict.skipped(
                f"{context.labels:,} labels are too few to judge quality; {self.min_labels:,} are needed.",
                **context.about(),
                needed_labels=self.min_labels,
            )
        release = context.reference
        if release is None or release.sums is None or release.outcomes is None:
            return Verdict.skipped("The release has no evaluation by day to compare with.", **context.about())
        sums = release.sums
        if self.metric not in sums.metrics:
            return Verdict.skipped(f"{self.metric} cannot be measured on live traffic.", **context.about())
        rows = context.answers
        live_sums = sums.by_day(rows, context.day_of(rows), context.first_day, context.days)
        released = measured(release.outcomes, lambda of: sums.value(self.metric, of))
        live = measured(live_sums, lambda of: sums.value(self.metric, of))
        if released is None or live is None:
            return Verdict.skipped(f"{self.metric} has no meaning in this window or at release.", **context.about())
        metric = metric_named(self.metric)
        better = metric.higher_is_better
        if metric.bounded:
            released, live = released.within(0.0, 1.0), live.within(0.0, 1.0)
        fall = fallen(released, live, higher_is_better=better)
        chance, level = fall.p, self.level(self.false_alarms)
        if chance <= level:  # unlikely if influences of days were normal; it must also be rare when days change places
            sign = 1 if better else -1
            dealt = permuted_p(
                release.outcomes,
                live_sums,
                lambda out, into: np.nan_to_num(sign * (sums.value(self.metric, out) - sums.value(self.metric, into))),
            )
            chance = max(chance, dealt if dealt > 1 / DRAWS else 0.0)
        sure = chance <= level
        return Verdict.of(
            not (sure and fall.drop >= self.by),
            value=live.value,
            threshold=released.value - self.by if better else released.value + self.by,
            summary=f"{self.metric} is {live.value:.3f} ({live.low:.3f} to {live.high:.3f}); at release it was "
            f"{released.value:.3f} ({released.low:.3f} to {released.high:.3f}).",
            **context.about(),
            labels=context.labels,
            drop=fall.drop,
            chance=chance,
            live=[live.value, live.low, live.high],
            release=[released.value, released.low, released.high],
        )
