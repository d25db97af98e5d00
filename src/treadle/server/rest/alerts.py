"""`/alerts`: what people should know about; acknowledged, silenced, resolved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from treadle.clock import parse_moment
from treadle.errors import InvalidInput
from treadle.monitoring import Alert, AlertEvent, Parcel, Silence
from treadle.server.rest.given import Runner, Space, Why

router = APIRouter(tags=["alerts"])


@dataclass
class AlertBody:
    """One thing that is or was wrong."""

    id: str
    key: str
    title: str
    summary: str
    subject: str
    check: str
    severity: str
    state: str
    owner: str
    times: int
    flapping: bool
    silenced_until: datetime | None
    opened_at: datetime
    last_at: datetime
    told_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str
    resolved_at: datetime | None
    resolved_by: str
    resolved_why: str
    evidence: str | None
    detail: dict[str, Any]

    @classmethod
    def of(cls, found: Alert, silence: Silence | None = None) -> AlertBody:
        """The body of an alert."""
        same = {name: getattr(found, name) for name in _SAME}
        return cls(
            **same,
            subject=str(found.subject),
            silenced_until=silence.until if silence else None,
            detail=dict(found.detail),
        )


_SAME = tuple(name for name in AlertBody.__dataclass_fields__ if name not in ("subject", "silenced_until", "detail"))


@dataclass
class AlertEventBody:
    """One thing that happened to an alert."""

    at: datetime
    kind: str
    by: str
    note: str
    evidence: str | None

    @classmethod
    def of(cls, found: AlertEvent) -> AlertEventBody:
        """The body of an event."""
        return cls(found.at, found.kind, found.principal, found.note, found.evidence)


@dataclass
class SilenceBody:
    """A promise not to be told for a while."""

    id: str
    pattern: str
    why: str
    by: str
    created_at: datetime
    until: datetime
    ended_at: datetime | None
    ended_by: str

    @classmethod
    def of(cls, found: Silence) -> SilenceBody:
        """The body of a silence."""
        return cls(**{name: getattr(found, name) for name in cls.__dataclass_fields__})


@dataclass
class DeliveryBody:
    """A message on its way through a channel."""

    message: str
    type: str
    about: str
    channel: str
    state: str
    attempts: int
    next_try_at: datetime | None
    sent_at: datetime | None
    error: str

    @classmethod
    def of(cls, found: Parcel) -> DeliveryBody:
        """The body of a delivery."""
        waits = found.due_at if found.state == "waiting" else None
        said = found.message
        return cls(
            said.id,
            said.type,
            said.about,
            found.channel,
            found.state,
            found.attempts,
            waits,
            found.sent_at,
            found.error,
        )


@dataclass
class NoteBody:
    """What somebody is going to do about it."""

    note: Why = ""


@dataclass
class WhyBody:
    """Why it is over."""

    why: Why


@dataclass
class QuietBody:
    """How long (`"2h"`) or until when (an ISO instant) nobody is to be told, and why."""

    why: Why
    span: str | None = None
    until: str | None = None

    def end(self) -> datetime | str:
        """When it ends, or how long it lasts."""
        if (self.span is None) == (self.until is None):
            raise InvalidInput("Say either span or until.", mend='Give "span": "2h".', field="span")
        return self.span if self.span is not None else parse_moment(self.until or "", field="until")


@dataclass
class NewSilenceBody(QuietBody):
    """A silence of whatever fits `pattern`, where `*` is any text and `?` one character."""

    pattern: str = ""


@router.get("/alerts")
def alerts(
    space: Space,
    state: Annotated[Literal["live", "open", "acknowledged", "resolved"] | None, Query()] = None,
    severity: Annotated[Literal["info", "warning", "critical"] | None, Query()] = None,
    owner: str | None = None,
    pattern: Annotated[str | None, Query(description="Of keys, subjects, checks or ids, with * and ?.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[AlertBody]:
    """Alerts that fit, the one heard of last first."""
    found = space.alerts.list(state, severity=severity, owner=owner, pattern=pattern, limit=limit)
    return [AlertBody.of(each, _silence(space, each)) for each in found]


@router.get("/alerts/silences")
def silences(space: Space, active: bool = True) -> list[SilenceBody]:
    """The silences that hold now, or all there ever were."""
    return [SilenceBody.of(each) for each in space.alerts.silences(active=active)]


@router.post("/alerts/silences", status_code=201)
def silence(space: Space, grant: Runner, body: NewSilenceBody) -> SilenceBody:
    """Tell nobody of what fits a pattern, for a while."""
    return SilenceBody.of(space.alerts.silence(body.pattern, body.end(), body.why, grant.principal.name))


@router.post("/alerts/silences/{id}/end")
def unsilence(space: Space, grant: Runner, id: str) -> SilenceBody:
    """End a silence now."""
    return SilenceBody.of(space.alerts.unsilence(id, grant.principal.name))


@router.get("/alerts/deliveries")
def deliveries(
    space: Space,
    state: Annotated[Literal["waiting", "sent", "dead"] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[DeliveryBody]:
    """What was told, waits, or could not be told; newest first."""
    return [DeliveryBody.of(each) for each in space.alerts.outbox.parcels(state=state, limit=limit)]


@router.get("/alerts/{id}")
def alert(space: Space, id: str) -> AlertBody:
    """One alert."""
    found = space.alerts.get(id)
    return AlertBody.of(found, _silence(space, found))


@router.get("/alerts/{id}/history")
def history(space: Space, id: str) -> list[AlertEventBody]:
    """Everything that happened to an alert, oldest first."""
    return [AlertEventBody.of(each) for each in space.alerts.history(id)]


@router.post("/alerts/{id}/acknowledge")
def acknowledge(space: Space, grant: Runner, id: str, body: NoteBody) -> AlertBody:
    """Take care of an alert; 409 when it is over."""
    return AlertBody.of(space.alerts.acknowledge(id, grant.principal.name, body.note))


@router.post("/alerts/{id}/silence", status_code=201)
def silence_one(space: Space, grant: Runner, id: str, body: QuietBody) -> SilenceBody:
    """Tell nobody of this alert, nor of its coming back, for a while."""
    found = space.alerts.get(id)
    return SilenceBody.of(space.alerts.silence(found.key, body.end(), body.why, grant.principal.name))


@router.post("/alerts/{id}/resolve")
def resolve(space: Space, grant: Runner, id: str, body: WhyBody) -> AlertBody:
    """End an alert by hand; one that is over stays as it is."""
    found = space.alerts.get(id)
    return AlertBody.of(space.alerts.resolve(found.id, body.why, by=grant.principal.name) or found)


def _silence(space: Any, alert: Alert) -> Silence | None:
    return space.alerts.silenced(alert) if alert.live else None
