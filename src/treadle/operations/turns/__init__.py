"""Turns in processes of their own: ordered, watched, ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.operations.turns.order import TurnOrder, TurnReport
    from treadle.operations.turns.process import TurnProcess
    from treadle.operations.turns.turning import Turning

__all__ = ["TurnOrder", "TurnProcess", "TurnReport", "Turning"]

__getattr__ = door(
    __name__,
    {
        "TurnOrder": "order",
        "TurnProcess": "process",
        "TurnReport": "order",
        "Turning": "turning",
    },
)
