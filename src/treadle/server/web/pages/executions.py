"""`/executions`: the list, one execution, the log of a step."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from treadle.server.auth import require
from treadle.server.web.listing import listed
from treadle.server.web.pages.given import back_to, workspace_of
from treadle.server.web.render import render
from treadle.server.web.views.executions import execution_view

router = APIRouter()
NEWEST = 1_000


@router.get("/executions")
def index(request: Request) -> Response:
    """The newest executions."""
    rows = listed(
        "/executions",
        request.query_params,
        workspace_of(request).pipelines.list(limit=NEWEST),
        sorts={
            "started": lambda e: e.started_at,
            "pipeline": lambda e: e.pipeline,
            "seconds": lambda e: e.seconds,
            "steps": lambda e: len(e.steps),
        },
        sort="-started",
        text=lambda e: f"{e.id} {e.pipeline} {e.status} {e.error or ''}",
        choices={"pipeline": ("Pipeline", lambda e: e.pipeline), "status": ("Status", lambda e: e.status)},
        noun="execution",
    )
    return render(request, "executions.html", title="Executions", active="executions", list=rows, live="/live/overview")


@router.get("/executions/{id}")
def execution(request: Request, id: str) -> Response:
    """One execution with its graph and steps; while it runs, live."""
    view = execution_view(workspace_of(request), id)
    running = view.execution.status == "running"
    return render(
        request,
        "execution.html",
        title=view.execution.pipeline,
        active="executions",
        crumbs=(("Executions", "/executions"),),
        view=view,
        live=f"/live/execution?id={id}" if running else "",
    )


@router.get("/executions/{id}/steps/{name}")
def step(request: Request, id: str, name: str) -> Response:
    """One step: how it went and what it printed."""
    pipelines = workspace_of(request).pipelines
    found = pipelines.get(id)
    run = found.step(name)
    return render(
        request,
        "step.html",
        title=name,
        active="executions",
        crumbs=(("Executions", "/executions"), (f"{found.pipeline} …{id[-6:]}", f"/executions/{id}")),
        execution=found,
        step=run,
        log=pipelines.logs(id, name),
        live=f"/live/execution?id={id}" if found.status == "running" else "",
    )


@router.post("/executions/{id}/cancel")
def cancel(request: Request, id: str) -> Response:
    """Ask an execution to stop."""
    require(request, "run")
    workspace_of(request).pipelines.cancel(id)
    return back_to(f"/executions/{id}")
