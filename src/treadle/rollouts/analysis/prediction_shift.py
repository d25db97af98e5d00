"""Whether the challenger differs from the champion in live traffic as it did when it was released."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from treadle.evidence import Check, Stage, Verdict
from treadle.rollouts.analysis.seen import Seen
from treadle.rollouts.sequential import find, harm

DAY = 86_400_000_000
"""In microseconds, as answers are stamped."""


@dataclass(frozen=True)
class PredictionShift(Check[Seen]):
    """Does the challenger score as far above or below the champion as it did on the same rows at its release?

    A confidence sequence for the mean difference of the two variants' probabilities in live traffic, valid however often one
    looks; it fails once that is shown to be more than `tolerance` away from the difference on the release's test rows. Without
    such rows (a version that was not compared with this champion) `unknown` takes the place of `tolerance` around none. It also
    does until answers of a whole day were seen: the release's rows are of whole days, and one stormy evening is no day.
    """

    stage: ClassVar[Stage] = "release"
    tolerance: float = 0.1
    unknown: float = 0.25
    alpha: float = 0.001

    def run(self, context: Seen) -> Verdict:
        import numpy as np

        answers, expected = context.answers, context.expected_shift
        if not context.probabilities:
            return Verdict.skipped("Only the probabilities of two classes are compared.")
        rows = answers.draws[np.isfinite(answers.score[answers.draws])]
        if len(rows) < 2:
            return Verdict.skipped("Nothing was drawn yet.")
        found = find(
            harm(answers.treated[rows], answers.share[rows], np.clip(answers.score[rows], 0, 1)),
            alpha=self.alpha,
            margin=0.5,
        )
        assert found.low is not None
        assert found.high is not None
        assert found.difference is not None
        middle = 0.0 if expected is None else expected
        a_day = int(answers.at[rows].max() - answers.at[rows].min()) >= DAY
        room = self.tolerance if expected is not None and a_day else self.unknown
        value = found.difference - middle
        return Verdict.of(
            found.low <= middle + room and found.high >= middle - room,
            value=value,
            threshold=room,
            summary=f"The challenger scores {found.difference:+.3f} against the champion on {found.units:,} answers"
            + (f"; {expected:+.3f} at its release." if expected is not None else "; not compared at its release."),
            low=found.low,
            high=found.high,
            expected=expected,
        )
