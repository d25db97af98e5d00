"""Server-sent events: tells an open page that what it shows has changed."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from treadle.errors import NotFound, TreadleError

if TYPE_CHECKING:
    from treadle.workspace import Workspace

router = APIRouter()

EVERY = 1.0  # seconds between looks
QUIET = 15  # looks without news before a comment keeps the connection open


@router.get("/live/{topic}")
async def live(request: Request, topic: str, id: str = "") -> StreamingResponse:
    """The stream of one topic: an event `changed` with its figures at once and whenever they change."""
    if topic not in TOPICS:
        raise NotFound.among("live topic", topic, TOPICS, field="topic")
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(request, topic, id), media_type="text/event-stream", headers=headers)


async def _events(request: Request, topic: str, id: str) -> AsyncIterator[str]:
    workspace: Workspace = request.app.state.workspace
    stopping: asyncio.Event = request.app.state.stopping
    before = ""
    quiet = 0
    while not stopping.is_set() and not await request.is_disconnected():
        try:
            figures = await run_in_threadpool(TOPICS[topic], workspace, id)
        except TreadleError as error:
            yield f"event: problem\ndata: {json.dumps(error.message)}\n\n"
            return
        text = json.dumps(figures, sort_keys=True, default=str)
        now = hashlib.sha256(text.encode()).hexdigest()
        if now != before:
            yield f"event: {'changed' if before else 'hello'}\ndata: {text}\n\n"
            before, quiet = now, 0
        elif (quiet := quiet + 1) % QUIET == 0:
            yield ": still here\n\n"
        try:
            await asyncio.wait_for(stopping.wait(), EVERY)
        except TimeoutError:
            continue


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


def log_bytes(workspace: Workspace, name: str) -> int:
    """The size of an endpoint's prediction log: grows with every answer, costs a look at a folder."""
    folder = workspace.endpoints.log_folder(name)
    return sum(path.stat().st_size for path in folder.glob("*.log")) if folder.is_dir() else 0


TOPICS = {"overview": overview, "execution": execution, "endpoint": endpoint}
