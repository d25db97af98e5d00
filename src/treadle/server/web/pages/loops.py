"""`/loops`: each loop through time, its monitors, and how its features moved."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from treadle.server.declared import declared
from treadle.server.web.listing import listed
from treadle.server.web.naming import feature_title
from treadle.server.web.pages.given import workspace_of
from treadle.server.web.render import render
from treadle.server.web.views.distribution import feature_drift
from treadle.server.web.views.happenings import ICONS
from treadle.server.web.views.loops import drift_heat, lengths_of, loop_named, loop_page, loop_rows

router = APIRouter()
HOME = ("Loops", "/loops")


@router.get("/loops")
def index(request: Request) -> Response:
    """Every loop the project declares."""
    workspace = workspace_of(request)
    problem = declared(workspace).problem
    return render(
        request,
        "loops.html",
        title="Loops",
        active="loops",
        rows=loop_rows(workspace),
        problem=problem,
        live="/live/loop",
    )


@router.get("/loops/{name}")
def timeline(request: Request, name: str, over: str = "") -> Response:
    """One loop through time."""
    page = loop_page(workspace_of(request), name, over)
    rows = listed(
        f"/loops/{name}",
        request.query_params,
        page.happenings,
        sorts={"at": lambda each: each.at},
        sort="-at",
        text=lambda each: f"{each.kind} {each.title} {each.text}",
        choices={"kind": ("Kind", lambda each: each.kind)},
        noun="event",
    )
    return render(
        request,
        "loop.html",
        title=name,
        active="loops",
        crumbs=(HOME,),
        view=page,
        list=rows,
        icons=ICONS,
        charts=any((page.lanes, page.quality, page.drift)),
        live=f"/live/loop?id={name}",
    )


@router.get("/loops/{name}/drift")
def drift(request: Request, name: str, over: str = "") -> Response:
    """How far each feature was from its release in each window."""
    workspace = workspace_of(request)
    loop = loop_named(workspace, name)
    return render(
        request,
        "drift.html",
        title="Drift by feature",
        active="loops",
        crumbs=(HOME, (name, f"/loops/{name}")),
        loop=loop,
        heat=drift_heat(workspace, loop, over),
        lengths=lengths_of(loop, over),
        live=f"/live/loop?id={name}",
    )


@router.get("/loops/{name}/drift/{feature}")
def distribution(request: Request, name: str, feature: str, end: str = "", over: str = "") -> Response:
    """One feature in one window beside its distribution at release."""
    workspace = workspace_of(request)
    view = feature_drift(workspace, loop_named(workspace, name), feature, end, over)
    return render(
        request,
        "drift_feature.html",
        title=feature_title(feature),
        active="loops",
        crumbs=(HOME, (name, f"/loops/{name}"), ("Drift", f"/loops/{name}/drift")),
        view=view,
        charts=view.chart is not None,
    )
