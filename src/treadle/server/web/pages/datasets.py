"""`/datasets`: the list, one version's profile, the difference between two."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from treadle.server.web.listing import listed
from treadle.server.web.pages.given import workspace_of
from treadle.server.web.render import render
from treadle.server.web.views.datasets import dataset_rows, diff_view, profile_view

router = APIRouter()
HOME = ("Datasets", "/datasets")


@router.get("/datasets")
def index(request: Request) -> Response:
    """Every dataset."""
    rows = listed(
        "/datasets",
        request.query_params,
        dataset_rows(workspace_of(request)),
        sorts={
            "name": lambda r: r.version.dataset,
            "rows": lambda r: r.version.rows,
            "columns": lambda r: len(r.version.columns),
            "versions": lambda r: r.versions,
            "made": lambda r: r.version.created_at,
        },
        sort="name",
        text=lambda r: f"{r.version.dataset} {' '.join(r.version.column_names)}",
        choices={"status": ("Checks", lambda r: r.status)},
        noun="dataset",
    )
    return render(request, "datasets.html", title="Datasets", active="datasets", list=rows)


@router.get("/datasets/{name}")
def newest(request: Request, name: str) -> Response:
    """The newest version."""
    version = workspace_of(request).datasets.get(name)
    return RedirectResponse(f"/datasets/{name}/{version.number}", status_code=307)


@router.get("/datasets/{name}/diff")
def diff(request: Request, name: str, before: int, after: int) -> Response:
    """What differs between two versions."""
    rooms = workspace_of(request).datasets
    view = diff_view(workspace_of(request), rooms.get(name, before), rooms.get(name, after))
    return render(
        request,
        "diff.html",
        title=f"{name}: version {before} to {after}",
        active="datasets",
        crumbs=(HOME, (name, f"/datasets/{name}")),
        view=view,
        history=rooms.history(name),
    )


@router.get("/datasets/{name}/{number}")
def version(request: Request, name: str, number: int) -> Response:
    """One version with its profile, checks and the versions around it."""
    rooms = workspace_of(request).datasets
    view = profile_view(workspace_of(request), rooms.get(name, number))
    columns = listed(
        f"/datasets/{name}/{number}",
        request.query_params,
        view.columns,
        sorts={
            "place": lambda c: [x.name for x in view.columns].index(c.name),
            "name": lambda c: c.name,
            "missing": lambda c: c.null_share,
            "distinct": lambda c: c.distinct,
        },
        sort="place",
        text=lambda c: f"{c.name} {c.type}",
        choices={"type": ("Type", lambda c: c.type)},
        per_page=48,
        noun="column",
    )
    return render(
        request,
        "dataset.html",
        title=f"{name}@{number}",
        active="datasets",
        crumbs=(HOME,),
        view=view,
        list=columns,
        history=rooms.history(name),
    )
