"""`/`: the loop at a glance."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from treadle.server.web.pages.given import workspace_of
from treadle.server.web.render import render
from treadle.server.web.views.overview import overview, stage_counts

router = APIRouter()


@router.get("/")
def page(request: Request) -> Response:
    """The ring, the champion, the newest decisions, what serves."""
    view = overview(workspace_of(request), request.app.state.logs, request.query_params.get("loop", ""))
    return render(
        request,
        "overview.html",
        title=view.loop or "Welcome",
        active="overview",
        view=view,
        spoken=stage_counts(view.stages),
        live="/live/overview",
    )
