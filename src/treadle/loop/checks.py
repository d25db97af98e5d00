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
    from treadle.monitoring import Drift, QualityDrop

__all__ = [
    "AtLeast",
    "AtMost",
    "BetterThanBaseline",
    "BetterThanSimple",
    "Calibrated",
    "Drift",
    "Fair",
    "NotWorseThanChampion",
    "ParityHolds",
    "QualityDrop",
    "Reproducible",
    "Slices",
]

_ROOMS = dict.fromkeys(__all__, "treadle.evaluation") | {
    "Drift": "treadle.monitoring",
    "QualityDrop": "treadle.monitoring",
}

__getattr__ = door(__name__, _ROOMS)
