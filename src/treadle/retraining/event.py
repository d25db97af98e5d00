"""A message from outside, as CloudEvents names its parts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Event:
    """One message: `source` and `id` together name it for good. Source: CloudEvents 1.0.2, section "REQUIRED Attributes".

    `time` is when its sender says it happened, `received_at` the business moment it was taken into the inbox, `via` the door.
    """

    source: str
    id: str
    type: str
    subject: str = ""
    time: datetime | None = None
    data: Any = None
    received_at: datetime | None = None
    via: str = ""

    @property
    def key(self) -> str:
        """Its name among all events."""
        return f"{self.source}#{self.id}"


@dataclass(frozen=True)
class Received:
    """What became of messages: taken into the inbox, or known before."""

    accepted: int = 0
    duplicates: int = 0
