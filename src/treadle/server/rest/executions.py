"""`/executions`: pipelines as they ran, their steps and logs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse

from treadle.server.rest.bodies import ExecutionBody
from treadle.server.rest.given import Runner, Space

router = APIRouter(tags=["executions"])


@dataclass
class CancelledBody:
    """That an execution was asked to stop."""

    id: str
    status: str


@router.get("/executions")
def executions(
    space: Space,
    pipeline: str | None = None,
    status: Literal["running", "succeeded", "failed", "cancelled"] | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> list[ExecutionBody]:
    """Executions, newest first."""
    return [ExecutionBody.of(found) for found in space.pipelines.list(limit=limit, pipeline=pipeline, status=status)]


@router.get("/executions/{id}")
def execution(space: Space, id: str) -> ExecutionBody:
    """One execution with its steps."""
    return ExecutionBody.of(space.pipelines.get(id))


@router.get("/executions/{id}/steps/{step}/log", response_class=PlainTextResponse)
def log(space: Space, id: str, step: str) -> str:
    """What a step printed."""
    return space.pipelines.logs(id, step)


@router.post("/executions/{id}/cancel")
def cancel(space: Space, grant: Runner, id: str) -> CancelledBody:
    """Ask an execution to stop."""
    del grant
    space.pipelines.cancel(id)
    return CancelledBody(id, space.pipelines.get(id).status)
