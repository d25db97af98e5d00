"""What triggers look at: how things stand with a loop at one business moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from treadle.retraining.event import Event


@dataclass(frozen=True)
class Failing:
    """A live check that fails without a break `since` some record of evidence: one episode, named by that record's id."""

    episode: str
    since: datetime
    latest: datetime
    summary: str
    evidence: str = ""  # the id of the newest record


@dataclass(frozen=True)
class Upstream:
    """Where an alias of another model points now, and by which move."""

    version: int
    move: str
    at: datetime


@dataclass(frozen=True)
class Situation:
    """A loop at business `now`: its last turn, and what has come since.

    `last_turn` is the moment the last turn looked from, `last_code` the fingerprint of the last one that got through and
    `last_coded` the moment that one looked from; `new_rows` counts labelled rows that became visible since; `failing` are failing
    live checks by name, `passing` those that answered otherwise; `events` are the messages received since, `upstream` the
    aliases of other models as `model@alias`.
    """

    now: datetime
    last_turn: datetime | None = None
    new_rows: int = 0
    uncounted: str = ""  # why rows could not be counted
    failing: Mapping[str, Failing] = field(default_factory=dict)
    passing: Mapping[str, str] = field(default_factory=dict)
    code: str = ""
    last_code: str = ""
    last_coded: datetime | None = None  # None: at `last_turn`
    upstream: Mapping[str, Upstream] = field(default_factory=dict)
    events: tuple[Event, ...] = ()

    def answered(self, moment: datetime) -> bool:
        """Whether the last turn has looked at what happened at `moment` already."""
        return self.last_turn is not None and moment <= self.last_turn
