"""Monitors: checks of live windows of traffic against what the model was released on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.monitoring.checks import Drift, QualityDrop
    from treadle.monitoring.window import LiveWindow

__all__ = ["Drift", "LiveWindow", "QualityDrop"]

__getattr__ = door(__name__, {"Drift": "checks", "LiveWindow": "window", "QualityDrop": "checks"})
