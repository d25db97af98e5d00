"""Checks of live traffic, one question a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.monitoring.checks.drift import Drift
    from treadle.monitoring.checks.quality_drop import QualityDrop

__all__ = ["Drift", "QualityDrop"]

__getattr__ = door(__name__, {"Drift": "drift", "QualityDrop": "quality_drop"})
