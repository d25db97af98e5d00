"""Checks of live traffic, one question a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.monitoring.checks.answers import LabelDrift, PredictionDrift
    from treadle.monitoring.checks.dependencies import Dependencies
    from treadle.monitoring.checks.drift import Drift
    from treadle.monitoring.checks.load import Latency, Throughput
    from treadle.monitoring.checks.online_correlation import OfflineOnlineCorrelation
    from treadle.monitoring.checks.quality_drop import QualityDrop
    from treadle.monitoring.checks.requests import Finite, OutOfRange, RequestInvariants
    from treadle.monitoring.checks.skew import Skew
    from treadle.monitoring.checks.slow_leak import SlowLeak
    from treadle.monitoring.checks.stale import FeatureJobs, Stale, StaleStage

__all__ = [
    "Dependencies",
    "Drift",
    "FeatureJobs",
    "Finite",
    "LabelDrift",
    "Latency",
    "OfflineOnlineCorrelation",
    "OutOfRange",
    "PredictionDrift",
    "QualityDrop",
    "RequestInvariants",
    "Skew",
    "SlowLeak",
    "Stale",
    "StaleStage",
    "Throughput",
]

__getattr__ = door(
    __name__,
    {
        "Dependencies": "dependencies",
        "Drift": "drift",
        "FeatureJobs": "stale",
        "Finite": "requests",
        "LabelDrift": "answers",
        "Latency": "load",
        "OfflineOnlineCorrelation": "online_correlation",
        "OutOfRange": "requests",
        "PredictionDrift": "answers",
        "QualityDrop": "quality_drop",
        "RequestInvariants": "requests",
        "Skew": "skew",
        "SlowLeak": "slow_leak",
        "Stale": "stale",
        "StaleStage": "stale",
        "Throughput": "load",
    },
)
