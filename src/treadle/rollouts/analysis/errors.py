"""Requests the challenger could not answer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from treadle.evidence import Check, Stage, Verdict
from treadle.rollouts.analysis.seen import SHADOW, Seen
from treadle.rollouts.sequential import exceeds

if TYPE_CHECKING:
    from treadle.serving import Failure


@dataclass(frozen=True)
class Errors(Check[Seen]):
    """Does the challenger answer what the champion can answer?

    The champion stands in for a challenger that fails; what it cannot answer either is the request's fault. The check fails once
    more than `tolerance` of the challenger's requests are shown, at the level `alpha` and however often one looks, to fail where
    the champion would not.
    """

    stage: ClassVar[Stage] = "release"
    tolerance: float = 0.01
    alpha: float = 0.001

    def run(self, context: Seen) -> Verdict:
        import numpy as np

        failed = _own(context)
        answered = context.answers.requests_of(treated=True)
        count = len(failed) + len(answered)
        if not count:
            return Verdict.skipped("The challenger was not asked yet.")
        moments = np.concatenate((context.answers.at[answered], np.array([each.at for each in failed], dtype=np.int64)))
        wrong = np.concatenate((np.zeros(len(answered)), np.ones(len(failed))))
        p_value = exceeds(wrong[np.argsort(moments, kind="stable")], self.tolerance)
        share = len(failed) / count
        return Verdict.of(
            p_value > self.alpha,
            value=share,
            threshold=self.tolerance,
            summary=f"The challenger failed {len(failed):,} of {count:,} requests ({share:.2%}) that the champion could answer.",
            p_value=p_value,
            kinds=dict(Counter(f"{each.kind} {each.field}".strip() for each in failed).most_common(20)),
        )


def _own(context: Seen) -> list[Failure]:
    """The challenger's failures that are not the request's fault: the champion did not fail at the same."""
    version = context.rollout.version
    shared = Counter((e.at, e.request, e.rows) for e in context.failures if e.version != version and e.share is None)
    own = []
    for each in context.failures:
        if each.version != version or (each.share is None and each.variant != SHADOW):
            continue
        name = (each.at, each.request, each.rows)
        if shared[name]:
            shared[name] -= 1
        else:
            own.append(each)
    return own
