"""Answers of the challenger that are no numbers, or always the same one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from treadle.evidence import Check, Stage, Verdict
from treadle.rollouts.analysis.seen import Seen


@dataclass(frozen=True)
class Numerics(Check[Seen]):
    """Are the challenger's answers finite, and do they depend on what it is asked?"""

    stage: ClassVar[Stage] = "release"
    answers: int = 100

    def run(self, context: Seen) -> Verdict:
        import numpy as np

        seen = context.answers
        mine, other = seen.score[seen.treated], seen.score[~seen.treated]
        if not len(mine):
            return Verdict.skipped("The challenger was not asked yet.")
        broken = int(np.sum(~np.isfinite(mine)))
        varied = len(np.unique(other[np.isfinite(other)])) > 1
        constant = len(mine) >= self.answers and varied and len(np.unique(mine[np.isfinite(mine)])) <= 1
        said = (
            f"{broken:,} are not finite" if broken else "all are the same" if constant else "all are finite and differ"
        )
        return Verdict.of(
            not broken and not constant,
            value=float(broken),
            threshold=0.0,
            summary=f"Of {len(mine):,} answers of the challenger {said}.",
            constant=constant,
        )
