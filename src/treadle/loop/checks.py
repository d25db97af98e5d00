"""Every check a loop can declare, in one place that completion can list: gates for candidates, monitors for live traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.evaluation import (
        AtLeast,
        AtMost,
        BetterThanBaseline,
        BetterThanSimple,
        Calibrated,
        Fair,
        NotWorseThanChampion,
        ParityHolds,
        Reproducible,
        Slices,
    )
    from treadle.monitoring import (
        Dependencies,
        Drift,
        FeatureJobs,
        Finite,
        LabelDrift,
        Latency,
        OutOfRange,
        PredictionDrift,
        QualityDrop,
        RequestInvariants,
        Skew,
        SlowLeak,
        Stale,
        StaleStage,
        Throughput,
    )

__all__ = [
    "AtLeast",
    "AtMost",
    "BetterThanBaseline",
    "BetterThanSimple",
    "Calibrated",
    "Dependencies",
    "Drift",
    "Fair",
    "FeatureJobs",
    "Finite",
    "LabelDrift",
    "Latency",
    "NotWorseThanChampion",
    "OutOfRange",
    "ParityHolds",
    "PredictionDrift",
    "QualityDrop",
    "Reproducible",
    "RequestInvariants",
    "Skew",
    "Slices",
    "SlowLeak",
    "Stale",
    "StaleStage",
    "Throughput",
]

_LIVE = (
    "Dependencies",
    "Drift",
    "FeatureJobs",
    "Finite",
    "LabelDrift",
    "Latency",
    "OutOfRange",
    "PredictionDrift",
    "QualityDrop",
    "RequestInvariants",
    "Skew",
    "SlowLeak",
    "Stale",
    "StaleStage",
    "Throughput",
)
_ROOMS = dict.fromkeys(__all__, "treadle.evaluation") | dict.fromkeys(_LIVE, "treadle.monitoring")

__getattr__ = door(__name__, _ROOMS)
