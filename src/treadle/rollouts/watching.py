"""Which checks a rollout is watched with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.rollouts.analysis.errors import Errors
from treadle.rollouts.analysis.feature_gap import FeatureGap
from treadle.rollouts.analysis.latency import Latency
from treadle.rollouts.analysis.numerics import Numerics
from treadle.rollouts.analysis.prediction_shift import PredictionShift
from treadle.rollouts.analysis.quality import Quality
from treadle.rollouts.plans import Staged, quality_level

if TYPE_CHECKING:
    from treadle.evidence import Check
    from treadle.rollouts.analysis.seen import Seen


def checks_of(plan: Staged) -> tuple[Check[Seen], ...]:
    """The checks of a plan, in the order in which they are asked.

    Quality has half of `alpha`, each of the four others that test anything a tenth: together they cry wolf no more often than
    `alpha`.
    """
    small = plan.alpha / 10
    return (
        Errors(alpha=small),
        Latency(alpha=small),
        Numerics(),
        FeatureGap(alpha=small),
        PredictionShift(alpha=small),
        Quality(alpha=quality_level(plan), margin=plan.margin),
    )
