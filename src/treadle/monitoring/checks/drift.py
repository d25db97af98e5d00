"""Has the distribution of a feature moved since release?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from treadle.evidence import Verdict
from treadle.monitoring.monitor import Monitor
from treadle.monitoring.shifts import judge_shifts, too_few_days
from treadle.monitoring.window import LiveWindow

if TYPE_CHECKING:
    from treadle.features import FeatureView

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Drift(Monitor):
    """Are the features of live requests distributed as they were at release?

    The distance is the population stability index over the bins of the release; `threshold` 0.2 is the customary mark of a
    large change. A feature fails only when also chance does not explain it: how much whole days differ is measured on the
    release's own days, and over all features there are at most `false_alarms` a year when nothing changed. `leave_out` names
    features that are not judged. Aggregates over more than a day are measured and shown, but never fail: neighbouring days share
    their rows, so days cannot tell what is chance. A window with fewer than `min_rows` predictions judges nothing.
    Source: S. Siddiqi, "Credit Risk Scorecards" (2006), chapter 13; for chance see `treadle.monitoring.days`.

    >>> Drift().name, Drift(0.3, over="14d").name
    ('drift', 'drift(over=14d, threshold=0.3)')
    """

    threshold: float = 0.2
    min_rows: int = 1_000
    false_alarms: float = 0.05
    leave_out: tuple[str, ...] = ()

    def run(self, context: LiveWindow) -> Verdict:
        if context.rows < self.min_rows:
            return Verdict.skipped(
                f"{context.rows:,} predictions are too few to judge drift; {self.min_rows:,} are needed.",
                **context.about(),
                needed_rows=self.min_rows,
            )
        known = context.reference.features if context.reference is not None else {}
        table = context.features
        pairs = {
            name: (column, table[name])
            for name, column in known.items()
            if name in table.column_names and name not in self.leave_out
        }
        if not pairs:
            return Verdict.skipped("The release has no feature distributions to compare with.", **context.about())
        skip = too_few_days(next(iter(pairs.values()))[0])
        if skip is not None:
            return skip
        slow = [name for name in pairs if name in _slow(context.watched.views)]
        if len(slow) == len(pairs):
            return Verdict.skipped("Every feature is an aggregate over more than a day.", **context.about())
        return judge_shifts(
            context,
            pairs,
            context.day_of(table),
            threshold=self.threshold,
            level=self.level(self.false_alarms),
            unjudged=slow,
        )


def _slow(views: Sequence[FeatureView]) -> set[str]:
    """The features whose window is longer than a day."""
    return {
        f"{view.name}__{each.name}"
        for view in views
        for each in view.features
        if not isinstance(each, str) and each.over is not None and each.over > _DAY
    }
