"""What one tick of the controller did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Tick:
    """The business moment it looked from, under which epoch (0: another controller holds the lease), what it did and what failed.

    `failures` has what went wrong by `phase subject`; each is tried again.
    """

    at: datetime
    epoch: int
    done: tuple[str, ...] = ()
    failures: Mapping[str, str] = field(default_factory=dict)
    turning: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def held(self) -> bool:
        """Whether this controller held the lease."""
        return self.epoch > 0
