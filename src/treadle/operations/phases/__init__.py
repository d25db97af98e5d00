"""The controller's phases, one a file: each says what there is to do, as jobs that fail alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.operations.phases.collecting import Collecting
    from treadle.operations.phases.considering import Considering
    from treadle.operations.phases.delivering import Delivering
    from treadle.operations.phases.expiring import Expiring
    from treadle.operations.phases.phase import Job, Phase
    from treadle.operations.phases.proving import Proving
    from treadle.operations.phases.repairing import Repairing
    from treadle.operations.phases.rolling import Rolling
    from treadle.operations.phases.starting import Starting
    from treadle.operations.phases.telling import Telling
    from treadle.operations.phases.watching import Watching

__all__ = [
    "Collecting",
    "Considering",
    "Delivering",
    "Expiring",
    "Job",
    "Phase",
    "Proving",
    "Repairing",
    "Rolling",
    "Starting",
    "Telling",
    "Watching",
]

__getattr__ = door(
    __name__,
    {
        "Collecting": "collecting",
        "Considering": "considering",
        "Delivering": "delivering",
        "Expiring": "expiring",
        "Job": "phase",
        "Phase": "phase",
        "Proving": "proving",
        "Repairing": "repairing",
        "Rolling": "rolling",
        "Starting": "starting",
        "Telling": "telling",
        "Watching": "watching",
    },
)
