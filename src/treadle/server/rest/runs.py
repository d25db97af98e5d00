"""`/experiments` and `/runs`: start, log, finish, search, history of a metric."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response

from treadle.server.rest.bodies import RunBody, plain
from treadle.server.rest.given import Editor, Space

router = APIRouter(tags=["runs"])


_POINT = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "value": {"type": "number"},
        "step": {"type": "integer", "default": 0},
        "time": {"type": "integer", "description": "Microseconds since 1970 UTC; left out: now."},
    },
    "required": ["name", "value"],
}
_BATCH = {
    "type": "object",
    "properties": {
        "metrics": {"type": "array", "items": _POINT},
        "params": {"type": "object"},
        "tags": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
_LOG_BODY = {"required": True, "content": {"application/json": {"schema": _BATCH}}}


@dataclass
class RunsBody:
    """A page of runs; `next` asks for the following one."""

    runs: list[RunBody]
    next: str | None = None


@dataclass
class StartBody:
    """A run to be started."""

    experiment: str
    name: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)


@dataclass
class FinishBody:
    """How a run ended."""

    status: str = "finished"


@router.get("/experiments")
def experiments(space: Space) -> Any:
    """Every experiment."""
    return [plain(found) for found in space.tracker.experiments()]


@router.get("/runs")
def search(
    space: Space,
    experiment: str | None = None,
    filter: Annotated[str, Query(description="metrics.roc_auc > 0.7 and params.model = 'xgb'")] = "",
    order_by: Annotated[str, Query(description="metrics.roc_auc desc")] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    page: str | None = None,
) -> RunsBody:
    """Runs that fit, in the order asked for."""
    found = space.tracker.search(experiment, filter, order_by or None, limit=limit, page=page)
    return RunsBody([RunBody.of(run) for run in found.runs], found.next)


@router.get("/runs/{id}")
def run(space: Space, id: str) -> RunBody:
    """One run with its newest metrics."""
    return RunBody.of(space.tracker.get(id))


@router.get("/runs/{id}/metrics/{metric}")
def history(space: Space, id: str, metric: str) -> Any:
    """Every value of one metric, in order."""
    return plain(space.tracker.history(id, metric))


@router.post("/runs", status_code=201)
def start(space: Space, grant: Editor, body: StartBody) -> RunBody:
    """Start a run."""
    del grant
    rooms = space.tracker
    experiment = rooms.experiment(body.experiment)
    return RunBody.of(rooms.start_run(experiment, name=body.name, tags=body.tags, params=body.params))


@router.post("/runs/{id}/log", status_code=204, openapi_extra={"requestBody": _LOG_BODY})
def log(id: str) -> Response:
    """Write metric points, params and tags of a run: all of them or none."""
    raise NotImplementedError(f"{id}: answered before it comes here, by batches.BatchLog")


@router.post("/runs/{id}/finish")
def finish(space: Space, grant: Editor, id: str, body: FinishBody) -> RunBody:
    """End a run."""
    del grant
    space.tracker.finish(id, body.status)
    return RunBody.of(space.tracker.get(id))
