"""Triggers: reasons to turn a loop again, one a file. Each is a pure question of a `Situation`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.retraining.triggers.budget import Budget
    from treadle.retraining.triggers.code_change import OnCodeChange
    from treadle.retraining.triggers.cron import Cron
    from treadle.retraining.triggers.failing import OnFailing
    from treadle.retraining.triggers.message import OnMessage
    from treadle.retraining.triggers.new_data import OnNewData
    from treadle.retraining.triggers.trigger import Trigger
    from treadle.retraining.triggers.upstream import OnUpstream

__all__ = ["Budget", "Cron", "OnCodeChange", "OnFailing", "OnMessage", "OnNewData", "OnUpstream", "Trigger"]

__getattr__ = door(
    __name__,
    {
        "Budget": "budget",
        "Cron": "cron",
        "OnCodeChange": "code_change",
        "OnFailing": "failing",
        "OnMessage": "message",
        "OnNewData": "new_data",
        "OnUpstream": "upstream",
        "Trigger": "trigger",
    },
)
