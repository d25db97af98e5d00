"""What a trigger answers: the occasions on which it asks for a turn, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Occurrence:
    """One occasion to turn a loop: `key` names it for good, so that it is acted on once whoever looks, and however often.

    `cause` is the trigger. `event` tells an occasion that happened at `at` (a schedule came due, a message came) from a state
    that holds now; only events can be missed. `as_of` is the moment a turn for it looks from; None is the moment it starts.
    """

    key: str
    cause: str
    reason: str
    at: datetime
    event: bool = False
    as_of: datetime | None = None


@dataclass(frozen=True)
class Look:
    """A trigger's answer: its occasions, oldest first, and one sentence that says how things stand."""

    cause: str
    says: str
    occurrences: tuple[Occurrence, ...] = ()
