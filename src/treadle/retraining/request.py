"""A request to turn a loop, and the states it goes through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

State = Literal["held", "waiting", "running", "succeeded", "refused", "failed", "timed out", "cancelled", "superseded"]
OPEN: tuple[State, ...] = ("held", "waiting", "running")
RETRIED: tuple[State, ...] = ("failed", "timed out")  # such a run has not answered its occasion
BY_HAND = "by hand"


@dataclass(frozen=True)
class Request:
    """One request: why (`reason`), what asked (`cause`, an occasion's key in `occurrence`), and how far it came.

    held ⇄ waiting → running → succeeded | refused | failed | timed out; open ones end as cancelled or superseded as well.
    `why` says what holds it back or how it ended. Instants are business time but for `beat_at`, the machine's last sign of
    life of the run; `as_of` is the moment its turn looks from (None: when it starts).
    """

    id: str
    loop: str
    cause: str
    occurrence: str
    reason: str
    state: State
    occurred_at: datetime
    asked_at: datetime
    asked_by: str = ""
    attempt: int = 1
    why: str = ""
    as_of: datetime | None = None
    started_at: datetime | None = None
    beat_at: datetime | None = None
    finished_at: datetime | None = None
    outcome: str = ""
    version: int | None = None
    seconds: float = 0.0

    @property
    def open(self) -> bool:
        """Whether it may still come to a run."""
        return self.state in OPEN

    @property
    def ran(self) -> bool:
        """Whether a run of it has begun."""
        return self.started_at is not None

    @property
    def by_hand(self) -> bool:
        """Whether a person asked for it: nothing but another run holds it back."""
        return self.cause == BY_HAND

    def __str__(self) -> str:
        return f"{self.loop} {self.id} {self.state}: {self.reason}"
