"""`/endpoints`: what is served, its traffic, a question to try."""

from __future__ import annotations

import json
import time
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from treadle.errors import TreadleError
from treadle.server.auth import require
from treadle.server.web.listing import listed
from treadle.server.web.pages.given import form_of, workspace_of
from treadle.server.web.render import render
from treadle.server.web.views.endpoints import endpoint_view
from treadle.server.web.views.overview import served

router = APIRouter()


@router.get("/endpoints")
def index(request: Request) -> Response:
    """Every endpoint."""
    rows = listed(
        "/endpoints",
        request.query_params,
        served(workspace_of(request), request.app.state.logs),
        sorts={"name": lambda e: e.name, "rows": lambda e: e.rows, "version": lambda e: e.version},
        sort="name",
        text=lambda e: f"{e.name} {e.status}",
        choices={"status": ("Status", lambda e: e.status)},
        noun="endpoint",
    )
    return render(request, "endpoints.html", title="Endpoints", active="endpoints", list=rows, live="/live/overview")


@router.get("/endpoints/{name}")
def endpoint(request: Request, name: str) -> Response:
    """One endpoint."""
    return _page(request, name)


@router.post("/endpoints/{name}/try")
async def ask(request: Request, name: str) -> Response:
    """Send the form's body through the endpoint, as any client would; it is logged like every prediction."""
    require(request, "read")
    body = (await form_of(request)).get("body", "")
    start = time.perf_counter()
    try:
        answer = json.loads(await request.app.state.inference.plane.invocations(name, body.encode(), text=False))
        asked: dict[str, Any] = {"answer": answer, "seconds": time.perf_counter() - start, "problem": None}
    except TreadleError as error:
        asked = {"answer": None, "seconds": 0.0, "problem": error}
    return await run_in_threadpool(_page, request, name, body=body, **asked)


def _page(
    request: Request,
    name: str,
    *,
    body: str = "",
    answer: Any = None,
    seconds: float = 0.0,
    problem: TreadleError | None = None,
) -> Response:
    view = endpoint_view(workspace_of(request), request.app.state.logs, name)
    return render(
        request,
        "endpoint.html",
        title=name,
        active="endpoints",
        crumbs=(("Endpoints", "/endpoints"),),
        view=view,
        charts=view.chart is not None,
        body=body or view.example,
        answer=answer,
        seconds=seconds,
        problem=problem,
        address=str(request.base_url).rstrip("/"),
        live=f"/live/endpoint?id={name}",
    )
