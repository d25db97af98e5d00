"""Has the distribution of the answers, or of the truth, moved since release?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from treadle.evidence import Verdict
from treadle.monitoring.monitor import Monitor
from treadle.monitoring.shifts import judge_shifts, too_few_days
from treadle.monitoring.window import LiveWindow

if TYPE_CHECKING:
    import pyarrow as pa

    from treadle.monitoring.reference import Column


@dataclass(frozen=True)
class PredictionDrift(Monitor):
    """Are live answers distributed as they were on the rows the release was judged on?

    Scores (or predicted values; for several classes the predicted class) are compared as `Drift` compares features:
    `threshold` is a stability index, `false_alarms` are those a year. It needs no label, so it is the earliest sign of many
    kinds of decay. A window with fewer than `min_rows` predictions is skipped.

    >>> PredictionDrift(over="14d", severity="critical").name
    'prediction_drift(over=14d)'
    """

    threshold: float = 0.2
    min_rows: int = 1_000
    false_alarms: float = 0.05

    def run(self, context: LiveWindow) -> Verdict:
        if context.rows < self.min_rows:
            return Verdict.skipped(
                f"{context.rows:,} predictions are too few to judge drift; {self.min_rows:,} are needed.",
                **context.about(),
                needed_rows=self.min_rows,
            )
        column = context.reference.scores if context.reference is not None else None
        return _moved(self, context, "answers", column, context.answers, _answer(context))


@dataclass(frozen=True)
class LabelDrift(Monitor):
    """Is what turns out to be true distributed as it was when the release was judged?

    `threshold` is a stability index; for a binary label 0.1 is a share that goes from 22 % to 37 %. It waits until labels
    are final, and skips a window with fewer than `min_labels`; there are at most `false_alarms` a year when nothing
    changed.

    >>> LabelDrift(0.2).name
    'label_drift(threshold=0.2)'
    """

    needs_labels: ClassVar[bool] = True
    threshold: float = 0.1
    min_labels: int = 500
    false_alarms: float = 0.03

    def run(self, context: LiveWindow) -> Verdict:
        if context.labels < self.min_labels:
            return Verdict.skipped(
                f"{context.labels:,} labels are too few to judge drift; {self.min_labels:,} are needed.",
                **context.about(),
                needed_labels=self.min_labels,
            )
        column = context.reference.labels if context.reference is not None else None
        rows = context.answers.filter(context.answers[context.truth].is_valid())
        return _moved(self, context, "labels", column, rows, context.truth)


def _answer(context: LiveWindow) -> str:
    return "predicted" if context.watched.task == "multiclass" else "score"


def _moved(
    monitor: PredictionDrift | LabelDrift,
    context: LiveWindow,
    what: str,
    column: Column | None,
    rows: pa.Table,
    name: str,
) -> Verdict:
    """Compare a column of the window's rows with what the release had of it."""
    if column is None:
        return Verdict.skipped(f"The release has no distribution of {what} to compare with.", **context.about())
    return too_few_days(column) or judge_shifts(
        context,
        {"label" if what == "labels" else "prediction": (column, rows[name])},
        context.day_of(rows),
        threshold=monitor.threshold,
        level=monitor.level(monitor.false_alarms),
    )
