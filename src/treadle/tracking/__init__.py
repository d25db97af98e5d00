"""Experiments and runs: what was tried, what was set, what came out.

A run logs params, metrics (points at steps), tags and files; `Tracker.search` finds runs by any of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.tracking.run import Experiment, Page, Point, Run, RunFile, RunStatus
    from treadle.tracking.tracker import Tracker

__all__ = ["Experiment", "Page", "Point", "Run", "RunFile", "RunStatus", "Tracker"]

__getattr__ = door(
    __name__,
    {
        "Experiment": "run",
        "Page": "run",
        "Point": "run",
        "Run": "run",
        "RunFile": "run",
        "RunStatus": "run",
        "Tracker": "tracker",
    },
)
