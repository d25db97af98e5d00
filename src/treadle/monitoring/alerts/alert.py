"""What people should know about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

from treadle.errors import InvalidInput, suggest

if TYPE_CHECKING:
    from treadle.evidence import Subject

Severity = Literal["info", "warning", "critical"]
AlertState = Literal["open", "acknowledged", "resolved"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
FLAPS = 2  # an alert that came back this often, each time soon after it had gone by itself, is flapping
STATES: tuple[AlertState, ...] = get_args(AlertState)


@dataclass(frozen=True)
class Alert:
    """One thing that is or was wrong, however often it was found.

    `key` is what makes two findings the same alert: the subject and the check, unless it was raised under a key of its own.
    `times` counts the findings, `flaps` how often it came back soon after it had gone by itself. `told_at` is when people were
    last told (None: not of this beginning, because it is silenced; what got worse in silence counts as told a reminder's span ago),
    `passing_since` since when a flapping alert has been quiet. All instants are business time. `evidence` is the newest record that
    says so.
    """

    id: str
    key: str
    title: str
    subject: Subject
    severity: Severity
    opened_at: datetime
    last_at: datetime
    check: str = ""
    summary: str = ""
    owner: str = ""
    state: AlertState = "open"
    times: int = 1
    flaps: int = 0
    told_at: datetime | None = None
    passing_since: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    resolved_at: datetime | None = None
    resolved_by: str = ""
    resolved_why: str = ""
    evidence: str | None = None
    sequence: int = 0
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def live(self) -> bool:
        """Whether it is not over yet."""
        return self.state != "resolved"

    @property
    def flapping(self) -> bool:
        """Whether it came and went so often that it now stays open until it has been quiet for a while."""
        return self.live and self.flaps >= FLAPS

    def __str__(self) -> str:
        return f"{self.severity}: {self.title}"


@dataclass(frozen=True)
class AlertEvent:
    """One thing that happened to an alert: who did it, when, and what they said about it.

    `at` is business time, `recorded_at` the machine's.
    """

    sequence: int
    alert: str
    kind: str
    at: datetime
    principal: str
    note: str = ""
    evidence: str | None = None
    recorded_at: datetime | None = None


def checked_severity(name: str) -> Severity:
    """The severity itself; raises `InvalidInput` for another word.

    >>> checked_severity("critical")
    'critical'
    """
    for known in SEVERITIES:
        if name == known:
            return known
    raise InvalidInput(f"{name!r} is not a severity.", mend=suggest(str(name), SEVERITIES), field="severity")


def worse(one: Severity, other: Severity) -> bool:
    """Whether the first severity is worse than the second.

    >>> worse("critical", "warning"), worse("info", "info")
    (True, False)
    """
    return SEVERITIES.index(one) > SEVERITIES.index(other)
