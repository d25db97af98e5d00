"""Has the distribution of a feature moved since release?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from treadle.evidence import Check, Stage, Verdict
from treadle.monitoring.window import LiveWindow
from treadle.statistics import distances


@dataclass(frozen=True)
class Drift(Check[LiveWindow]):
    """Are the features of live requests distributed as they were at release?

    The distance is the population stability index over the bins of the release; `threshold` 0.2 is the customary mark of a
    large change. A window with fewer than `min_rows` predictions judges nothing.
    Source: S. Siddiqi, "Credit Risk Scorecards" (2006), chapter 13.
    """

    stage: ClassVar[Stage] = "live"
    threshold: float = 0.2
    min_rows: int = 1_000

    def run(self, context: LiveWindow) -> Verdict:
        if context.predictions < self.min_rows:
            return Verdict.skipped(
                f"{context.predictions:,} predictions are too few to judge drift; {self.min_rows:,} are needed."
            )
        moved = {name: distances.psi(before, now) for name, (before, now) in context.columns.items()}
        if not moved:
            return Verdict.skipped("The release has no feature distributions to compare with.")
        worst = max(moved, key=moved.__getitem__)
        return Verdict.of(
            moved[worst] < self.threshold,
            value=moved[worst],
            threshold=self.threshold,
            summary=f"{worst} moved most: a stability index of {moved[worst]:.3f} (limit {self.threshold:g}).",
            distances=moved,
        )
