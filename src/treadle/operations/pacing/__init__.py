"""A controller in a process of its own that looks when it is told to: what a replay paces through business time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.operations.pacing.order import PaceOrder, PaceReport
    from treadle.operations.pacing.paced import PacedController

__all__ = ["PaceOrder", "PaceReport", "PacedController"]

__getattr__ = door(
    __name__,
    {
        "PaceOrder": "order",
        "PaceReport": "order",
        "PacedController": "paced",
    },
)
