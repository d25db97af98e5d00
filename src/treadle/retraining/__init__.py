"""Triggers: when and why a loop turns again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.retraining import triggers as triggers
    from treadle.retraining.triggers import Situation, Trigger

__all__ = ["Situation", "Trigger", "triggers"]

__getattr__ = door(__name__, {"Situation": "triggers", "Trigger": "triggers", "triggers": ""})
