"""Server-sent events: tells an open page that what it shows has changed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from treadle.errors import NotFound
from treadle.server.web.looking import Looks

if TYPE_CHECKING:
    from treadle.workspace import Workspace

router = APIRouter()

EVERY = 1.0  # seconds between looks: one for all who show the same, none when nobody does
HEARTBEAT = 1.0  # seconds after which a connection sees whether anybody is still there; reads nothing
QUIET = 15  # heartbeats without news before a comment keeps the connection open


@router.get("/live/{topic}")
async def live(request: Request, topic: str, id: str = "") -> StreamingResponse:
    """The stream of one topic: an event `changed` with its figures at once and whenever they change."""
    if topic not in TOPICS:
        raise NotFound.among("live topic", topic, TOPICS, field="topic")
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(request, topic, id), media_type="text/event-stream", headers=headers)


async def _events(request: Request, topic: str, id: str) -> AsyncIterator[str]:
    state = request.app.state
    stopping: asyncio.Event = state.stopping
    looks: Looks | None = getattr(state, "looks", None)
    if looks is None:
        looks = state.looks = Looks(stopping, EVERY)
    id = "" if topic in OF_ALL else id  # else every made-up id would be looked at by itself
    look = looks.join(topic, id, lambda: TOPICS[topic](state.workspace, id))
    known = quiet = 0
    try:
        while not stopping.is_set() and not await request.is_disconnected():
            if look.problem:
                yield f"event: problem\ndata: {json.dumps(look.problem)}\n\n"
                return
            if look.number != known:
                yield f"event: {'changed' if known else 'hello'}\ndata: {look.text}\n\n"
                known, quiet = look.number, 0
                continue  # it may have changed again while this one was sent
            if look.over:  # it broke: the page asks again, and starts another
                return
            await look.wait(HEARTBEAT)
            if look.number == known and not look.problem and (quiet := quiet + 1) % QUIET == 0:
                yield ": still here\n\n"
    finally:
        looks.leave(topic, id, look)


def overview(workspace: Workspace, id: str) -> dict[str, Any]:
    """Executions, evidence and traffic of the whole project."""
    del id
    executions = workspace.pipelines.list(limit=5)
    return {
        "executions": {found.id: [found.status, *(step.status for step in found.steps)] for found in executions},
        "evidence": workspace.ledger.checkpoint().sequence,
        "predictions": {e.name: log_bytes(workspace, e.name) for e in workspace.endpoints.list()},
    }


def execution(workspace: Workspace, id: str) -> dict[str, Any]:
    """The state of one execution and its steps."""
    found = workspace.pipelines.get(id)
    return {"status": found.status, "steps": {step.name: step.status for step in found.steps}}


def endpoint(workspace: Workspace, id: str) -> dict[str, Any]:
    """What an endpoint serves and how much it has logged."""
    found = workspace.endpoints.get(id)
    return {"revision": found.revision, "version": found.version, "log": log_bytes(workspace, id)}


def alerts(workspace: Workspace, id: str) -> dict[str, Any]:
    """What changes whenever any alert, or the delivery of its messages, does."""
    del id
    counts = workspace.alerts.outbox.counts()
    return {
        "alerts": workspace.alerts.pulse(),
        "silences": len(workspace.alerts.silences()),
        "told": {f"{name} {state}": count for (name, state), count in counts.items()},
    }


def audit(workspace: Workspace, id: str) -> dict[str, Any]:
    """What changes whenever somebody does something."""
    del id
    return {"records": workspace.ledger.checkpoint().sequence, "alerts": workspace.alerts.pulse()[0]}


def loop(workspace: Workspace, id: str) -> dict[str, Any]:
    """What changes whenever something is judged, asked for, rolled out or told about a loop."""
    return {
        "evidence": workspace.ledger.checkpoint().sequence,
        "alerts": workspace.alerts.pulse()[0],
        "retraining": [(each.id, each.state, each.why) for each in workspace.retraining.list(id or None, limit=5)],
        "rollouts": rollouts(workspace, "")["rollouts"],
    }


def rollouts(workspace: Workspace, id: str) -> dict[str, Any]:
    """The newest rollouts and how far they are, or one of them."""
    found = [workspace.rollouts.get(id)] if id else workspace.rollouts.list(limit=20)
    return {"rollouts": [(each.id, each.state, each.stage, each.figures.looks) for each in found]}


def log_bytes(workspace: Workspace, name: str) -> int:
    """The size of an endpoint's prediction log: grows with every answer, costs a look at a folder."""
    folder = workspace.endpoints.log_folder(name)
    return sum(path.stat().st_size for path in folder.glob("*.log")) if folder.is_dir() else 0


TOPICS = {
    "overview": overview,
    "execution": execution,
    "endpoint": endpoint,
    "alerts": alerts,
    "audit": audit,
    "loop": loop,
    "rollouts": rollouts,
}
OF_ALL = frozenset({"overview", "alerts", "audit"})
"""What they say is the same for everybody."""
