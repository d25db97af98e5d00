"""What people who answer for a model read: model cards, the trail of decisions behind a version, and why a prediction was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.governance.audit import AuditEntry, AuditKind, AuditPage, audit_trail
    from treadle.governance.card import CardSection, ModelCard
    from treadle.governance.describe import model_card
    from treadle.governance.explain import Explanations
    from treadle.governance.explanation import Explanation, FeatureValue
    from treadle.governance.trail import TrailEntry, decision_trail

__all__ = [
    "AuditEntry",
    "AuditKind",
    "AuditPage",
    "CardSection",
    "Explanation",
    "Explanations",
    "FeatureValue",
    "ModelCard",
    "TrailEntry",
    "audit_trail",
    "decision_trail",
    "model_card",
]

__getattr__ = door(
    __name__,
    {
        "AuditEntry": "audit",
        "AuditKind": "audit",
        "AuditPage": "audit",
        "CardSection": "card",
        "Explanation": "explanation",
        "Explanations": "explain",
        "FeatureValue": "explanation",
        "ModelCard": "card",
        "TrailEntry": "trail",
        "audit_trail": "audit",
        "decision_trail": "trail",
        "model_card": "describe",
    },
)
