"""`/events`: CloudEvents 1.0 come in, structured, binary or in batches."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from treadle.retraining import events_of
from treadle.server.rest.given import Editor, Space

router = APIRouter(tags=["events"])


@dataclass
class ReceivedBody:
    """How many events were new, and how many had come before."""

    accepted: int
    duplicates: int


@router.post("/events", status_code=202)
async def receive(space: Space, grant: Editor, request: Request, response: Response) -> ReceivedBody:  # noqa: ARG001
    """Take events in, each once by its source and id: `io.treadle.labels` are joined, others may trigger loops.

    202 when one is new, 200 when all had come before; both mean that they are safe and need not be sent again.
    """
    headers = {name.lower(): value for name, value in request.headers.items()}
    body = await request.body()
    received = await run_in_threadpool(lambda: space.intake.take(events_of(headers, body), via="http"))
    if not received.accepted:
        response.status_code = 200
    return ReceivedBody(received.accepted, received.duplicates)
