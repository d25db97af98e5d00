"""Rollouts: how a version that passed its gates takes over live traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.rollouts.plans import AtOnce, Canary, Plan, Stage

__all__ = ["AtOnce", "Canary", "Plan", "Stage"]

__getattr__ = door(__name__, {"AtOnce": "plans", "Canary": "plans", "Plan": "plans", "Stage": "plans"})
