"""A promise not to be told about something for a while."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from treadle.monitoring.alerts.alert import Alert


@dataclass(frozen=True)
class Silence:
    """Alerts that fit `pattern` are kept and counted, but nobody is told until `until` (business time)."""

    id: str
    pattern: str
    why: str
    by: str
    created_at: datetime
    until: datetime
    ended_at: datetime | None = None
    ended_by: str = ""

    def active(self, now: datetime) -> bool:
        """Whether it holds at business time `now`."""
        return self.ended_at is None and self.created_at <= now < self.until

    def covers(self, alert: Alert) -> bool:
        """Whether the alert fits the pattern."""
        return fits(self.pattern, alert)


def fits(pattern: str, alert: Alert) -> bool:
    """Whether an alert's key, subject, check or id fits a pattern."""
    return any(matches(pattern, name) for name in (alert.key, str(alert.subject), alert.check, alert.id) if name)


def covering(silences: Iterable[Silence], alert: Alert, now: datetime) -> Silence | None:
    """The silence that covers an alert at `now` and lasts longest, or None."""
    found = [s for s in silences if s.active(now) and s.covers(alert)]
    return max(found, key=lambda s: s.until, default=None)


def matches(pattern: str, text: str) -> bool:
    """Whether all of `text` fits `pattern`, where `*` is any text and `?` any one character; in time of their product at most.

    Not `fnmatch`, which would read the brackets that names of checks may hold as a choice of characters.
    Source: the greedy matching of wildcards with one point to go back to; K. J. Krauss, "Matching Wildcards" (2008).

    >>> matches("endpoint:late-*/drift*", "endpoint:late-arrival/drift(psi)"), matches("late?", "late")
    (True, False)
    """
    here, there, star, mark = 0, 0, -1, 0
    while there < len(text):
        if here < len(pattern) and pattern[here] == "*":
            star, mark = here, there
            here += 1
        elif here < len(pattern) and pattern[here] in ("?", text[there]):
            here, there = here + 1, there + 1
        elif star >= 0:
            mark += 1
            here, there = star + 1, mark
        else:
            return False
    return not pattern[here:].strip("*")
