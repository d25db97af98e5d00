"""`/features`: the declared views, how fresh they are, the online values of one entity."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from treadle.errors import TreadleError
from treadle.server.declared import declared, view_named
from treadle.server.online import freshness, lookup
from treadle.server.web.listing import listed
from treadle.server.web.pages.given import workspace_of
from treadle.server.web.render import render

router = APIRouter()


@router.get("/features")
def index(request: Request) -> Response:
    """Every feature view."""
    workspace = workspace_of(request)
    rows = listed(
        "/features",
        request.query_params,
        freshness(workspace),
        sorts={
            "name": lambda r: r.view.name,
            "source": lambda r: r.view.source.name,
            "features": lambda r: len(r.view.features),
            "entities": lambda r: r.entities,
            "as_of": lambda r: r.as_of,
        },
        sort="name",
        text=lambda r: f"{r.view.name} {r.view.source.name} {' '.join(r.view.feature_names)}",
        choices={"source": ("Source", lambda r: r.view.source.name), "status": ("Freshness", lambda r: r.status)},
        noun="view",
    )
    problem = declared(workspace).problem
    return render(request, "features.html", title="Features", active="features", list=rows, problem=problem)


@router.get("/features/{name}")
def view(request: Request, name: str) -> Response:
    """One view, its features, and a lookup by entity key."""
    workspace = workspace_of(request)
    found = view_named(workspace, name)
    asked = {column: request.query_params.get(column, "") for column in found.entity}
    at = request.query_params.get("at", "").strip()
    values: dict[str, Any] | None = None
    problem: TreadleError | None = None
    if any(asked.values()):
        try:
            values = lookup(workspace, name, asked, at)
        except TreadleError as error:
            problem = error
    return render(
        request,
        "feature_view.html",
        title=name,
        active="features",
        crumbs=(("Features", "/features"),),
        view=found,
        fresh=next(f for f in freshness(workspace) if f.view.name == name),
        asked=asked,
        at=at,
        values=values,
        problem=problem,
        loops=[loop.name for loop in declared(workspace).loops if found.name in {v.name for v in loop.views}],
    )
