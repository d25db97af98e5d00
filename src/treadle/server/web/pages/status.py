"""`/status`: what runs where, and how much of everything there is."""

from __future__ import annotations

import platform
import sys

from fastapi import APIRouter, Request
from fastapi.responses import Response

from treadle.server.figures import figures
from treadle.server.web.pages.given import workspace_of
from treadle.server.web.render import render
from treadle.server.web.views.state import state_of

router = APIRouter()


@router.get("/status")
def page(request: Request) -> Response:
    """Settings, storage, processes, the loop file."""
    workspace = workspace_of(request)
    return render(
        request,
        "status.html",
        title="Status",
        active="status",
        figures=figures(workspace),
        state=state_of(workspace),
        metrics=request.app.state.metrics,
        python=f"{platform.python_implementation()} {sys.version.split()[0]} on {platform.system()}",
        now=workspace.clock.now(),
    )
