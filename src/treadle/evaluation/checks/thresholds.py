"""Is the metric good enough by itself?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from treadle.evaluation.catalog import metric_named
from treadle.evaluation.context import CandidateContext
from treadle.evidence import Check, Stage, Verdict


@dataclass(frozen=True)
class AtLeast(Check[CandidateContext]):
    """Is the metric on the test rows at least the threshold?

    >>> AtLeast("roc_auc", 0.65).name
    'at_least(roc_auc, 0.65)'
    """

    stage: ClassVar[Stage] = "candidate"
    metric: str
    threshold: float

    def __post_init__(self) -> None:
        metric_named(self.metric)

    def run(self, context: CandidateContext) -> Verdict:
        """Pass when the measured value reaches the threshold."""
        return _judged(context, self.metric, self.threshold, at_least=True)


@dataclass(frozen=True)
class AtMost(Check[CandidateContext]):
    """Is the metric on the test rows at most the threshold?

    >>> AtMost("log_loss", 0.5).name
    'at_most(log_loss, 0.5)'
    """

    stage: ClassVar[Stage] = "candidate"
    metric: str
    threshold: float

    def __post_init__(self) -> None:
        metric_named(self.metric)

    def run(self, context: CandidateContext) -> Verdict:
        """Pass when the measured value does not exceed the threshold."""
        return _judged(context, self.metric, self.threshold, at_least=False)


def _judged(context: CandidateContext, metric: str, threshold: float, *, at_least: bool) -> Verdict:
    evaluation = context.evaluation
    found = evaluation.metrics.get(metric)
    if found is None:
        known = ", ".join(sorted(evaluation.metrics))
        return Verdict.of(
            False,
            threshold=threshold,
            summary=f"{metric} could not be measured on the {evaluation.n:,} test rows.",
            measured=known,
        )
    passed = found.value >= threshold if at_least else found.value <= threshold
    asked = "at least" if at_least else "at most"
    return Verdict.of(
        passed,
        value=found.value,
        threshold=threshold,
        summary=(
            f"{metric} is {found.value:.4f} (95 % interval {found.low:.4f} to {found.high:.4f}) on {evaluation.n:,} rows; "
            f"{asked} {threshold:g} is asked."
        ),
        low=found.low,
        high=found.high,
        n=evaluation.n,
    )
