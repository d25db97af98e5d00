"""The quality of a rollout's challenger on the labels that arrived."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from treadle.evidence import Check, Stage, Verdict
from treadle.rollouts.analysis.seen import Seen
from treadle.rollouts.sequential import find


@dataclass(frozen=True)
class Quality(Check[Seen]):
    """Is the challenger's loss higher than the champion's by no more than `margin`?

    A sequential test on the design (see `treadle.rollouts.sequential`): it fails once the p-value against "no more than the margin"
    is at most `alpha`, and that happens to a challenger within the margin with a chance of at most `alpha`, however often one
    looks.
    """

    stage: ClassVar[Stage] = "release"
    alpha: float = 0.01
    margin: float = 0.02

    def run(self, context: Seen) -> Verdict:
        found = find(context.units, alpha=self.alpha, margin=self.margin)
        if not found.units or found.difference is None:
            return Verdict.skipped("No label has arrived yet for an answer of this rollout.", p_value=1.0, units=0)
        bad = found.p_value <= self.alpha
        said = "is worse" if bad else "is not worse" if found.not_worse else "is not shown to be worse"
        return Verdict.of(
            not bad,
            value=found.p_value,
            threshold=self.alpha,
            summary=f"The challenger {said}: loss {found.difference:+.4f} against the champion on {found.units:,} labelled "
            f"units, p = {found.p_value:.3g} against a harm of at most {self.margin:g}.",
            p_value=found.p_value,
            units=found.units,
            difference=found.difference,
            low=found.low,
            high=found.high,
            margin=self.margin,
            not_worse=found.not_worse,
        )
