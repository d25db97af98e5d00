"""How long the challenger takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from treadle.clock import duration
from treadle.evidence import Check, Stage, Verdict
from treadle.rollouts.analysis.seen import Seen
from treadle.rollouts.sequential import exceeds

LATE = 0.05  # the share of answers that may take longer than a limit at the 95th percentile


@dataclass(frozen=True)
class Latency(Check[Seen]):
    """Is the challenger as quick as it has to be?

    Without a `limit` it is twice the champion's 95th percentile plus 20 ms. It fails once more than a tenth of the challenger's
    requests are shown, at the level `alpha` and however often one looks, to take longer.
    """

    stage: ClassVar[Stage] = "release"
    limit: str | timedelta | None = None
    requests: int = 50
    alpha: float = 0.001

    def run(self, context: Seen) -> Verdict:
        import numpy as np

        answers = context.answers
        mine = answers.latency[answers.requests_of(treated=True)]
        other = answers.latency[answers.requests_of(treated=False)]
        if min(len(mine), len(other)) < self.requests:
            return Verdict.skipped(
                f"{len(mine):,} requests of the challenger and {len(other):,} of the champion; it needs {self.requests} of each."
            )
        theirs = float(np.quantile(other, 1 - LATE))
        limit = duration(self.limit).total_seconds() if self.limit is not None else 2 * theirs + 0.02
        p_value = exceeds((mine > limit).astype(float), 2 * LATE)
        value = float(np.quantile(mine, 1 - LATE))
        return Verdict.of(
            p_value > self.alpha,
            value=value,
            threshold=limit,
            summary=f"95 % of the challenger's requests took at most {value * 1000:.1f} ms (the champion's "
            f"{theirs * 1000:.1f} ms; {limit * 1000:.1f} ms may be).",
            p_value=p_value,
            median=float(np.median(mine)),
            champion_median=float(np.median(other)),
        )
