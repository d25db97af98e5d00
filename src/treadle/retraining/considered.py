"""What came of looking at a loop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from treadle.retraining.decision import Ruling
from treadle.retraining.request import Request


@dataclass(frozen=True)
class Considered:
    """Every ruling, and the requests that wait for a run from now on."""

    loop: str
    now: datetime
    rulings: tuple[Ruling, ...]
    requests: tuple[Request, ...] = ()
    dry_run: bool = False

    @property
    def fires(self) -> bool:
        """Whether a run is asked for."""
        return any(ruling.action == "run" for ruling in self.rulings)
