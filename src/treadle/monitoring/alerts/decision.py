"""What a finding makes of an alert, and whether people are told: no store, no clock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from treadle.monitoring.alerts.alert import FLAPS, Alert, Severity, worse

if TYPE_CHECKING:
    from treadle.evidence import Status

Change = Literal["opened", "reopened", "escalated", "repeated", "passing", "resolved", "reminded", "none"]


@dataclass(frozen=True)
class Rhythm:
    """How often people want to hear of the same thing, in business time.

    While an alert lives and nobody has acknowledged it, they are reminded every `remind`. One that comes back within `flapping`
    after it had gone by itself is the same alert again; the second time it is flapping, and then it stays open without a word
    until it has been quiet for `flapping`.
    """

    remind: timedelta = timedelta(days=1)
    flapping: timedelta = timedelta(days=1)


@dataclass(frozen=True)
class Step:
    """What to do: the change to write down, and whether to tell people of it (unless it is silenced)."""

    change: Change
    tell: bool = False


def heard(status: Status, severity: Severity) -> Severity | None:
    """How bad evidence of this status is: None when nothing is wrong.

    What warned, or could not be judged because the check broke, is never worse than a warning.

    >>> heard("failed", "critical"), heard("error", "critical"), heard("warned", "info"), heard("passed", "critical")
    ('critical', 'warning', 'info', None)
    """
    if status == "failed":
        return severity
    if status in ("warned", "error"):
        return "warning" if worse(severity, "warning") else severity
    return None


def on_finding(alert: Alert | None, severity: Severity, now: datetime, rhythm: Rhythm) -> Step:
    """Something is wrong; `alert` is the newest of this key, over or not."""
    if alert is None:
        return Step("opened", tell=True)
    if not alert.live:
        return _again(alert, now, rhythm)
    if worse(severity, alert.severity):
        return Step("escalated", tell=True)
    return Step("repeated", tell=_due(alert, now, rhythm))


def on_passing(alert: Alert | None, now: datetime, rhythm: Rhythm) -> Step:
    """Nothing is wrong any more; `alert` is the newest of this key, over or not."""
    if alert is None or not alert.live:
        return Step("none")
    if alert.flaps >= FLAPS:
        quiet = alert.passing_since is not None and now - alert.passing_since >= rhythm.flapping
        if not quiet:
            return Step("none" if alert.passing_since else "passing")
    return Step("resolved", tell=alert.told_at is not None)


def on_time(alert: Alert, now: datetime, rhythm: Rhythm) -> Step:
    """Nobody looked, but time went by: a flapping alert may have calmed down, a reminder or an ended silence may be due."""
    if alert.live and alert.passing_since is not None:
        return on_passing(alert, now, rhythm) if now - alert.passing_since >= rhythm.flapping else Step("none")
    return Step("reminded", tell=True) if _due(alert, now, rhythm) else Step("none")


def swallowed(alert: Alert, change: str, now: datetime, rhythm: Rhythm) -> Alert:
    """The alert after a silence kept from people that it came back or got worse: due as soon as the silence ends.

    Of what came back they had heard that it was over, so nobody waits for its end. Of what got worse they know, and its end is
    told them all the same: it only counts as told so long ago that they are to be reminded.
    """
    if change == "reopened":
        return replace(alert, told_at=None)
    if change == "escalated" and alert.told_at is not None:
        return replace(alert, told_at=min(alert.told_at, now - rhythm.remind))
    return alert


def late_word(alert: Alert) -> Change:
    """What people are told of an alert that waited: its beginning, if they have not heard of that yet."""
    if alert.told_at is not None:
        return "reminded"
    return "reopened" if alert.flaps else "opened"


def _again(alert: Alert, now: datetime, rhythm: Rhythm) -> Step:
    by_itself = alert.resolved_by == ""
    if by_itself and alert.resolved_at is not None and now - alert.resolved_at < rhythm.flapping:
        return Step("reopened", tell=True)
    return Step("opened", tell=True)


def _due(alert: Alert, now: datetime, rhythm: Rhythm) -> bool:
    if alert.state != "open":
        return False
    return alert.told_at is None or now - alert.told_at >= rhythm.remind
