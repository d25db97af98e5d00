"""What people who answer for a model read: model cards, and the trail of decisions behind a version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.governance.card import CardSection, ModelCard
    from treadle.governance.describe import model_card
    from treadle.governance.trail import TrailEntry, decision_trail

__all__ = ["CardSection", "ModelCard", "TrailEntry", "decision_trail", "model_card"]

__getattr__ = door(
    __name__,
    {
        "CardSection": "card",
        "ModelCard": "card",
        "TrailEntry": "trail",
        "decision_trail": "trail",
        "model_card": "describe",
    },
)
