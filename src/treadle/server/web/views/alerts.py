"""What the pages of alerts show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from treadle.monitoring import STATES, Alert, AlertEvent, Parcel, Silence
from treadle.server.declared import declared
from treadle.server.web.naming import alert_title
from treadle.server.web.views.subjects import loop_of, subject_link

if TYPE_CHECKING:
    from treadle.workspace import Workspace

SPANS = (("1h", "1 hour"), ("8h", "8 hours"), ("1d", "1 day"), ("7d", "1 week"), ("30d", "30 days"))
SEVERITY_TONES = {"critical": "bad", "warning": "warn", "info": "idle"}
EVENTS = {
    "opened": ("alert", "bad"),
    "reopened": ("alert", "bad"),
    "escalated": ("arrow-up", "bad"),
    "reminded": ("cached", "warn"),
    "acknowledged": ("person", "busy-still"),
    "silenced": ("silence", "idle"),
    "unsilenced": ("alert", "idle"),
    "resolved": ("ok", "ok"),
}


@dataclass(frozen=True)
class AlertRow:
    """An alert in the list."""

    alert: Alert
    silence: Silence | None
    link: str

    @property
    def tone(self) -> str:
        """How loud it looks."""
        return SEVERITY_TONES[self.alert.severity] if self.alert.live else "idle"

    @property
    def words(self) -> str:
        """What the search looks in."""
        found = self.alert
        return f"{alert_title(found)} {found.title} {found.key} {found.summary} {found.owner} {found.id}"


@dataclass(frozen=True)
class AlertView:
    """One alert with all there is to know about it."""

    alert: Alert
    silence: Silence | None
    link: str
    history: tuple[
        tuple[AlertEvent, int, datetime], ...
    ]  # reminders that follow one another are one: their number, the first
    parcels: tuple[Parcel, ...]
    before: tuple[Alert, ...]
    lasted: float
    timeline: str

    @property
    def tone(self) -> str:
        """How loud it looks."""
        return SEVERITY_TONES[self.alert.severity] if self.alert.live else "idle"


def alert_rows(workspace: Workspace, state: str) -> list[AlertRow]:
    """The alerts of a state, or those that are not over."""
    wanted = state if state in STATES else None if state == "all" else "live"
    found = workspace.alerts.list(wanted, limit=2_000)  # type: ignore[arg-type]
    silences = workspace.alerts.silences()
    now = workspace.clock.now()
    return [AlertRow(each, _silence(each, silences, now), _link(each)) for each in found]


def alert_tabs(workspace: Workspace) -> list[tuple[str, str, int]]:
    """The states to choose from: key, name and how many."""
    counts: dict[str, int] = dict.fromkeys(STATES, 0)
    for (_, state), count in workspace.alerts.counts().items():
        counts[state] += count
    live = counts["open"] + counts["acknowledged"]
    names = [("live", "Live", live), *((state, state.capitalize(), counts[state]) for state in STATES)]
    return [*names, ("all", "All", sum(counts.values()))]


def alert_view(workspace: Workspace, id: str) -> AlertView:
    """Everything about one alert; raises `NotFound`."""
    alerts = workspace.alerts
    found = alerts.get(id)
    end = found.resolved_at or workspace.clock.now()
    same = alerts.list(subject=found.subject, limit=500)
    return AlertView(
        alert=found,
        silence=alerts.silenced(found) if found.live else None,
        link=_link(found),
        history=_told_once(alerts.history(found.id)),
        parcels=tuple(alerts.outbox.parcels(topic=f"alert:{found.id}")),
        before=tuple(each for each in same if each.key == found.key and each.id != found.id)[:10],
        lasted=max((end - found.opened_at).total_seconds(), 0.0),
        timeline=_timeline(workspace, found),
    )


def _told_once(events: Sequence[AlertEvent]) -> tuple[tuple[AlertEvent, int, datetime], ...]:
    found: list[tuple[AlertEvent, int, datetime]] = []
    for event in events:
        if event.kind == "reminded" and found and found[-1][0].kind == "reminded":
            _, count, first = found.pop()
            found.append((event, count + 1, first))
        else:
            found.append((event, 1, event.at))
    return tuple(found[::-1])


def _silence(alert: Alert, silences: tuple[Silence, ...], now: datetime) -> Silence | None:
    if not alert.live:
        return None
    return next((each for each in silences if each.active(now) and each.covers(alert)), None)


def _timeline(workspace: Workspace, alert: Alert) -> str:
    """The page of the loop whose endpoint or model it is about, if the project declares that loop."""
    name = loop_of(alert.subject)
    return f"/loops/{quote(name)}" if name and declared(workspace).loop(name) is not None else ""


def _link(alert: Alert) -> str:
    return subject_link(alert.subject.kind, alert.subject.id)
