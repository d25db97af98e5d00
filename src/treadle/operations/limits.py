"""What the processes of a controller may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """How long a turn may take and be silent, in seconds; how many at once; how often one is begun again after a death.

    The process that asks project checks has the same deadline, silence and attempts.
    """

    deadline: float = 3_600.0
    silence: float = 300.0
    together: int = 1
    attempts: int = 3
    warm: bool = False
