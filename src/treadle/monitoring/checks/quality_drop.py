"""Has the model become worse than it was at release?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from treadle.errors import InvalidInput
from treadle.evidence import Check, Stage, Verdict
from treadle.monitoring.window import LiveWindow


@dataclass(frozen=True)
class QualityDrop(Check[LiveWindow]):
    """Is live quality within `by` of the release evaluation, for a metric of which more is better?

    A window with fewer than `min_labels` labels judges nothing.
    """

    stage: ClassVar[Stage] = "live"
    metric: str
    by: float = 0.05
    min_labels: int = 500

    def __post_init__(self) -> None:
        if not 0 < self.by < 1:
            raise InvalidInput(f"by must lie between 0 and 1, not {self.by}.", mend="For example by=0.05.", field="by")

    def run(self, context: LiveWindow) -> Verdict:
        if context.labels < self.min_labels:
            return Verdict.skipped(
                f"{context.labels:,} labels are too few to judge quality; {self.min_labels:,} are needed."
            )
        if self.metric not in context.quality or self.metric not in context.released_quality:
            return Verdict.skipped(f"{self.metric} was not measured in this window or at release.")
        live, released = context.quality[self.metric], context.released_quality[self.metric]
        return Verdict.of(
            released - live <= self.by,
            value=live,
            threshold=released - self.by,
            summary=f"{self.metric} is {live:.3f}; at release it was {released:.3f}.",
        )
