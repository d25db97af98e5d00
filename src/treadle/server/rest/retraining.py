"""`/loops/{name}/retrain`, `/retrain`: requests to turn a loop; `/loops/{name}/triggers`: what would fire now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query

from treadle.clock import parse_moment
from treadle.errors import NotFound
from treadle.server.declared import declared
from treadle.server.rest.given import Runner, Space, Why

if TYPE_CHECKING:
    from treadle.loop import Loop
    from treadle.retraining import Request, Ruling
    from treadle.workspace import Workspace

router = APIRouter(tags=["retraining"])


@dataclass
class AskBody:
    """Why to turn the loop, and the moment to look from (default: when the run starts)."""

    reason: Why
    as_of: str | None = None


@dataclass
class CancelBody:
    """Why not to."""

    why: Why = ""


@dataclass
class RequestBody:
    """A request to turn a loop."""

    id: str
    loop: str
    cause: str
    reason: str
    state: str
    why: str
    asked_by: str
    attempt: int
    occurred_at: datetime
    asked_at: datetime
    as_of: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    outcome: str
    version: int | None
    seconds: float

    @classmethod
    def of(cls, found: Request) -> RequestBody:
        """The body of a request."""
        return cls(**{name: getattr(found, name) for name in cls.__dataclass_fields__})


@dataclass
class RulingBody:
    """What a trigger asks for now, and what is done about it."""

    trigger: str
    action: str
    why: str
    reason: str
    request: str | None

    @classmethod
    def of(cls, found: Ruling) -> RulingBody:
        """The body of a ruling."""
        reason = found.occurrence.reason if found.occurrence else ""
        return cls(found.cause, found.action, found.why, reason, found.request.id if found.request else None)


@router.get("/retrain")
def requests(
    space: Space,
    loop: str | None = None,
    everything: Annotated[bool, Query(alias="all")] = False,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> list[RequestBody]:
    """Requests, newest first; with `all` also what was held back or passed over."""
    return [RequestBody.of(found) for found in space.retraining.list(loop, all=everything, limit=limit)]


@router.get("/retrain/{request}")
def request(space: Space, request: str) -> RequestBody:
    """One request."""
    return RequestBody.of(space.retraining.get(request))


@router.post("/retrain/{request}/cancel")
def cancel(space: Space, grant: Runner, request: str, body: CancelBody) -> RequestBody:
    """End an open request; 409 when it has ended."""
    return RequestBody.of(space.retraining.cancel(request, by=grant.principal.name, why=body.why))


@router.get("/loops/{name}/retrain")
def requests_of(
    space: Space,
    name: str,
    everything: Annotated[bool, Query(alias="all")] = False,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> list[RequestBody]:
    """The requests of one loop, newest first."""
    return [RequestBody.of(found) for found in space.retraining.list(name, all=everything, limit=limit)]


@router.post("/loops/{name}/retrain", status_code=202)
def ask(space: Space, grant: Runner, name: str, body: AskBody) -> RequestBody:
    """Ask for a turn by hand; who asks while another person's waits gets that one."""
    loop = _loop(space, name)
    as_of = parse_moment(body.as_of, field="as_of") if body.as_of is not None else None
    asked = space.retraining.ask(loop.name, reason=body.reason, by=grant.principal.name, as_of=as_of)
    return RequestBody.of(asked)


@router.get("/loops/{name}/triggers")
def triggers(space: Space, name: str) -> list[RulingBody]:
    """What would fire now, and why the rest would not; nothing is recorded."""
    loop = _loop(space, name)
    considered = space.retraining.consider(loop.retrain_plan, space.situation(loop), dry_run=True)
    return [RulingBody.of(found) for found in considered.rulings]


def _loop(space: Workspace, name: str) -> Loop:
    found = declared(space)
    if found.problem is not None:
        raise found.problem
    loop = found.loop(name)
    if loop is None:
        raise NotFound.among("loop", name, [each.name for each in found.loops], field="name")
    return loop
