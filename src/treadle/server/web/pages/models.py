"""`/models`: the list, a model's versions and history, one version; promotion, rollback, refusal."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from starlette.concurrency import run_in_threadpool

from treadle.errors import InvalidInput, TreadleError
from treadle.governance import ModelCard, model_card
from treadle.registry import ModelVersion
from treadle.server.auth import require
from treadle.server.problem import problem_of
from treadle.server.web.listing import listed
from treadle.server.web.pages.given import back_to, form_of, workspace_of
from treadle.server.web.render import render
from treadle.server.web.views.models import model_rows, primary_row, version_view
from treadle.workspace import Workspace

router = APIRouter()
HOME = ("Models", "/models")


@router.get("/models")
def index(request: Request) -> Response:
    """Every registered model."""
    rows = listed(
        "/models",
        request.query_params,
        model_rows(workspace_of(request)),
        sorts={
            "name": lambda r: r.model.name,
            "versions": lambda r: r.model.versions,
            "updated": lambda r: r.model.updated_at,
        },
        sort="name",
        text=lambda r: r.model.name,
        noun="model",
    )
    return render(request, "models.html", title="Models", active="models", list=rows)


@router.get("/models/{model}")
def model(request: Request, model: str, done: str = "") -> Response:
    """A model's versions and the history of its aliases."""
    registry = workspace_of(request).registry
    rows = listed(
        f"/models/{model}",
        request.query_params,
        registry.versions(model),
        sorts={
            "number": lambda v: v.number,
            "made": lambda v: v.created_at,
            "metric": lambda v: (row := primary_row(v)) and row.value,
        },
        sort="-number",
        text=lambda v: f"{v} {v.status} {' '.join(v.aliases)} {v.trigger} {v.dataset} {v.tags}",
        choices={"status": ("Status", lambda v: v.status), "trigger": ("Trigger", lambda v: v.trigger)},
        noun="version",
    )
    history = registry.history(model)
    return render(
        request,
        "model.html",
        title=model,
        active="models",
        crumbs=(HOME,),
        model=model,
        list=rows,
        history=history,
        may_roll_back=any(m.alias == "champion" and m.from_version for m in history),
        primary=primary_row,
        champion=next((v for v in rows.rows if "champion" in v.aliases), None),
        done=done,
    )


@router.get("/models/{model}/{version}")
def version(request: Request, model: str, version: str, done: str = "") -> Response:
    """One version with everything that speaks for and against it."""
    workspace = workspace_of(request)
    return _version_page(request, workspace.registry.get(model, version), done=done)


@router.get("/models/{model}/{version}/card")
def card(request: Request, model: str, version: str) -> Response:
    """The model card as Markdown."""
    workspace = workspace_of(request)
    found = workspace.registry.get(model, version)
    headers = {"Content-Disposition": f'attachment; filename="{model.replace(" ", "_")}-{found.number}.md"'}
    return PlainTextResponse(_card(workspace, found).to_markdown(), media_type="text/markdown", headers=headers)


@router.post("/models/{model}/{version}/promote")
async def promote(request: Request, model: str, version: str) -> Response:
    """Promote from the form; what the gates say against it is shown on the page."""
    grant = require(request, "promote")
    form = await form_of(request)
    registry = workspace_of(request).registry
    override = form.get("override", "").strip() or None
    try:
        moved = await run_in_threadpool(
            registry.promote,
            model,
            version,
            alias=form.get("alias", "champion"),
            why=form.get("why", ""),
            principal=grant.principal.name,
            override=override,
        )
    except TreadleError as error:
        return await run_in_threadpool(_version_page, request, registry.get(model, version), problem=error, form=form)
    return back_to(f"/models/{model}/{version}", done=f"Version {moved.to_version} is {moved.alias} now.")


@router.post("/models/{model}/rollback")
async def rollback(request: Request, model: str) -> Response:
    """Roll back from the form."""
    grant = require(request, "promote")
    form = await form_of(request)
    registry = workspace_of(request).registry
    moved = await run_in_threadpool(
        registry.rollback,
        model,
        alias=form.get("alias", "champion"),
        why=form.get("why", ""),
        principal=grant.principal.name,
    )
    return back_to(f"/models/{model}", done=f"Version {moved.to_version} is {moved.alias} again.")


@router.post("/models/{model}/{version}/refuse")
async def refuse(request: Request, model: str, version: str) -> Response:
    """Refuse a version for good."""
    grant = require(request, "promote")
    form = await form_of(request)
    if not form.get("why", "").strip():
        raise InvalidInput("A reason is missing.", mend="Say in a sentence why; it stays in the history.", field="why")
    registry = workspace_of(request).registry
    await run_in_threadpool(registry.refuse, model, version, form["why"], principal=grant.principal.name)
    return back_to(f"/models/{model}/{version}", done=f"Version {version} is refused for good.")


def _version_page(
    request: Request,
    found: ModelVersion,
    *,
    done: str = "",
    problem: TreadleError | None = None,
    form: dict[str, str] | None = None,
) -> Response:
    workspace = workspace_of(request)
    view = version_view(workspace, found)
    drawn = (view.calibration, view.roc, view.precision_recall, view.contributions)
    return render(
        request,
        "version.html",
        status=problem_of(problem).status if problem else 200,
        title=str(view.version),
        active="models",
        crumbs=(HOME, (view.version.model, f"/models/{view.version.model}")),
        view=view,
        card=_card(workspace, view.version),
        charts=any(spec is not None for spec in drawn),
        done=done,
        problem=problem,
        form=form or {},
    )


def _card(workspace: Workspace, version: ModelVersion) -> ModelCard:
    return model_card(version, registry=workspace.registry, ledger=workspace.ledger, models=workspace.models)
