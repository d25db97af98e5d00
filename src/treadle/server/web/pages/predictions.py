"""`/predictions/{id}`: one prediction, explained."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from treadle.server.web.pages.given import workspace_of
from treadle.server.web.render import render
from treadle.server.web.views.predictions import bars

router = APIRouter()


@router.get("/predictions/{id:path}")
def prediction(request: Request, id: str, endpoint: str | None = None) -> Response:
    """Why it was made, and whether it would be made again."""
    found = workspace_of(request).explanations.explain(id, endpoint)
    return render(
        request,
        "prediction.html",
        title=found.id,
        active="endpoints",
        crumbs=(("Endpoints", "/endpoints"), (found.endpoint, f"/endpoints/{found.endpoint}")),
        x=found,
        bars=bars(found.features),
    )
