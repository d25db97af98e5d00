"""Alerts of a server from afar, with the verbs of a local workspace's `alerts`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from treadle.client.wire import Wire, path
from treadle.clock import as_utc, parse_moment

if TYPE_CHECKING:
    from treadle.monitoring import Alert, AlertEvent, Silence

Body = Mapping[str, Any]


class RemoteAlerts:
    """`client.alerts`: list, get, acknowledge, silence, resolve. Who acts is whose token it is."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def list(
        self,
        state: str | None = None,
        *,
        severity: str | None = None,
        owner: str | None = None,
        pattern: str | None = None,
        limit: int = 100,
    ) -> tuple[Alert, ...]:
        """Alerts that fit, the one heard of last first; `live` are those that are not over."""
        found = self._wire.get(
            path("alerts"), state=state, severity=severity, owner=owner, pattern=pattern, limit=limit
        )
        return tuple(map(alert_of, found))

    def get(self, id: str) -> Alert:
        """One alert. Raises `NotFound`."""
        return alert_of(self._wire.get(path("alerts", id)))

    def history(self, id: str) -> tuple[AlertEvent, ...]:
        """Everything that happened to an alert, oldest first."""
        from treadle.monitoring import AlertEvent

        found = self._wire.get(path("alerts", id, "history"))
        return tuple(
            AlertEvent(number, id, body["kind"], parse_moment(body["at"]), body["by"], body["note"], body["evidence"])
            for number, body in enumerate(found, 1)
        )

    def acknowledge(self, id: str, note: str = "") -> Alert:
        """Take care of an alert. Raises `Conflict` when it is over."""
        return alert_of(self._wire.post(path("alerts", id, "acknowledge"), {"note": note}))

    def resolve(self, id: str, why: str) -> Alert:
        """End an alert by hand; one that is over stays as it is."""
        return alert_of(self._wire.post(path("alerts", id, "resolve"), {"why": why}))

    def silence(self, pattern: str, until: datetime | str | timedelta, why: str) -> Silence:
        """Tell nobody of what fits `pattern` (`*` any text, `?` one character) until a time, or for a span such as "2h"."""
        if isinstance(until, datetime):
            when = {"until": as_utc(until).isoformat()}
        else:
            when = {"span": until if isinstance(until, str) else f"{until.total_seconds():f}s"}
        return silence_of(self._wire.post(path("alerts", "silences"), {"pattern": pattern, "why": why, **when}))

    def unsilence(self, id: str) -> Silence:
        """End a silence now. Raises `NotFound`."""
        return silence_of(self._wire.post(path("alerts", "silences", id, "end"), {}))

    def silences(self, *, active: bool = True) -> tuple[Silence, ...]:
        """The silences that hold now, or all there ever were."""
        return tuple(
            silence_of(body) for body in self._wire.get(path("alerts", "silences"), active=str(active).lower())
        )


def alert_of(body: Body) -> Alert:
    """An alert."""
    from treadle.evidence import Subject
    from treadle.monitoring import Alert

    moments: dict[str, Any] = {name: _moment(body[name]) for name in ("told_at", "acknowledged_at", "resolved_at")}
    same = ("id", "key", "title", "severity", "check", "summary", "owner", "state", "times", "evidence", "detail")
    more = ("acknowledged_by", "resolved_by", "resolved_why")
    return Alert(
        **{name: body[name] for name in (*same, *more)},
        subject=Subject.parse(body["subject"]),
        opened_at=parse_moment(body["opened_at"]),
        last_at=parse_moment(body["last_at"]),
        flaps=2 if body["flapping"] else 0,
        **moments,
    )


def silence_of(body: Body) -> Silence:
    """A silence."""
    from treadle.monitoring import Silence

    moments: dict[str, Any] = {name: _moment(body[name]) for name in ("created_at", "until", "ended_at")}
    return Silence(**{**body, **moments})


def _moment(text: str | None) -> datetime | None:
    return None if text is None else parse_moment(text)
