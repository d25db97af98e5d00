"""Features that history had and live traffic lacks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from treadle.evidence import Check, Stage, Verdict
from treadle.rollouts.analysis.seen import Seen


@dataclass(frozen=True)
class FeatureGap(Check[Seen]):
    """Is every feature of the challenger there as often as in the data it learned from?

    Judged from `least` answers of the challenger on, since what is missing goes with the hour: right after the night nobody has
    landed for a while. It fails once a feature is missing from more of its live answers than in its reference plus `tolerance`,
    and by more than chance at the level `alpha` shared by all features and looks (Hoeffding's bound; the looks count by the
    doublings of the sample). A version without a reference is held to `unknown`. What the champion lacks at the same time is
    nobody's fault here: going back would not bring it; monitors tell it.
    """

    stage: ClassVar[Stage] = "release"
    tolerance: float = 0.1
    unknown: float = 0.5
    alpha: float = 0.001
    least: int = 200

    def run(self, context: Seen) -> Verdict:
        import numpy as np

        if not context.features:
            return Verdict.skipped("The challenger was not asked yet.")
        count = len(next(iter(context.features.values())))
        if count < self.least:
            return Verdict.skipped(f"{count} answers are too few to tell a gap from the hour; {self.least} are needed.")
        found = {}
        for name, missing in context.features.items():
            usual = context.missing_at_release.get(name)
            live = np.asarray(missing, dtype=float)
            shared = float(np.mean(context.champion_features.get(name, [False])))
            known = self.unknown if usual is None else usual + self.tolerance
            limit = min(0.99, max(known, shared + self.tolerance))
            p_value = _chance(float(live.mean()) - limit, count) * len(context.features)
            found[name] = (float(live.mean()), usual, min(1.0, p_value))
        name = min(found, key=lambda each: (found[each][2], -found[each][0]))
        live, usual, p_value = found[name]
        known = "" if usual is None else f", {usual:.0%} in the data it learned from"
        return Verdict.of(
            p_value > self.alpha,
            value=live,
            threshold=self.unknown if usual is None else usual + self.tolerance,
            summary=f"{name} is missing from {live:.0%} of the challenger's answers{known}."
            if p_value <= self.alpha
            else f"None of {len(found)} features is missing more often than it was, or than from the champion's answers.",
            missing={each: {"live": seen[0], "reference": seen[1]} for each, seen in found.items()},
        )


def _chance(excess: float, count: int) -> float:
    """The chance that a share exceeds its limit by `excess` in any look at up to `count` answers, at most 1."""
    if excess <= 0:
        return 1.0
    doublings = math.log2(count) + 1
    return min(1.0, doublings * doublings * math.exp(-2 * count * excess * excess))
