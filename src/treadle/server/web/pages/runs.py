"""`/runs`: search, one run, several side by side."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from treadle.errors import InvalidInput, NotFound, TreadleError
from treadle.server.web.pages.given import back_to, workspace_of
from treadle.server.web.render import render
from treadle.server.web.views.runs import compare_runs, metric_columns, run_view

router = APIRouter()
PER_PAGE = 50
HOME = ("Runs", "/runs")


@router.get("/runs")
def index(request: Request) -> Response:
    """The runs that a filter finds; what is wrong with the filter is said where it is typed."""
    tracker = workspace_of(request).tracker
    params = {name: request.query_params.get(name, "") for name in ("experiment", "filter", "order_by", "page")}
    experiments = [e.name for e in tracker.experiments()]
    problem: TreadleError | None = None
    found: Any = None
    try:
        found = tracker.search(
            params["experiment"] or None,
            params["filter"],
            params["order_by"] or None,
            limit=PER_PAGE,
            page=params["page"] or None,
        )
    except (InvalidInput, NotFound) as error:
        problem = error
    runs = found.runs if found else ()
    return render(
        request,
        "runs.html",
        title="Runs",
        active="runs",
        params=params,
        experiments=experiments,
        runs=runs,
        metrics=metric_columns(runs),
        next=_link(params, page=found.next) if found and found.next else "",
        first=_link(params, page="") if params["page"] else "",
        problem=problem,
        sort_link=lambda key: _link(params, order_by=_turned(params["order_by"], key), page=""),
        sorted_by=params["order_by"].replace("`", ""),
    )


@router.get("/runs/compare")
def compare(request: Request) -> Response:
    """Several runs side by side."""
    ids = request.query_params.getlist("id")
    if not ids:
        return back_to("/runs")
    view = compare_runs(workspace_of(request), ids)
    return render(
        request,
        "compare.html",
        title=f"{len(view.runs)} runs compared",
        active="runs",
        crumbs=(HOME,),
        view=view,
        charts=bool(view.histories),
        only=request.query_params.get("only", ""),
        link=lambda only: f"/runs/compare?{urlencode([('id', i) for i in ids] + ([('only', only)] if only else []))}",
    )


@router.get("/runs/{id}")
def run(request: Request, id: str) -> Response:
    """One run."""
    view = run_view(workspace_of(request), id)
    return render(
        request,
        "run.html",
        title=view.run.name or view.run.id,
        active="runs",
        crumbs=(HOME, (view.run.experiment, f"/runs?{urlencode({'experiment': view.run.experiment})}")),
        view=view,
        charts=bool(view.histories),
    )


def _link(params: dict[str, str], **changes: str) -> str:
    kept = {name: value for name, value in {**params, **changes}.items() if value}
    return f"/runs?{urlencode(kept)}" if kept else "/runs"


def _turned(now: str, key: str) -> str:
    return f"{key} asc" if now.replace("`", "") == f"{key} desc".replace("`", "") else f"{key} desc"
