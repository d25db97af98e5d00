"""`/alerts`: what is wrong, one alert with its history; take it, silence it, resolve it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from treadle.errors import TreadleError
from treadle.monitoring import SEVERITIES
from treadle.server.auth import require
from treadle.server.problem import problem_of
from treadle.server.web.listing import listed
from treadle.server.web.naming import alert_title
from treadle.server.web.pages.given import back_to, form_of, workspace_of
from treadle.server.web.render import render
from treadle.server.web.views.alerts import EVENTS, SPANS, alert_rows, alert_tabs, alert_view

router = APIRouter()
HOME = ("Alerts", "/alerts")


@router.get("/alerts")
def index(request: Request, done: str = "") -> Response:
    """What is wrong now, or was."""
    return _index_page(request, done=done)


@router.get("/alerts/{id}")
def alert(request: Request, id: str, done: str = "") -> Response:
    """One alert."""
    return _alert_page(request, id, done=done)


@router.post("/alerts/silences")
async def silence(request: Request) -> Response:
    """Silence a pattern from the form."""
    grant = require(request, "run")
    form = await form_of(request)
    alerts = workspace_of(request).alerts
    try:
        made = await run_in_threadpool(
            alerts.silence, form.get("pattern", ""), form.get("span", ""), form.get("why", ""), grant.principal.name
        )
    except TreadleError as error:
        return await run_in_threadpool(_index_page, request, problem=error, form=form)
    where = form.get("alert", "")
    said = f"Silent until {made.until:%Y-%m-%d %H:%M} UTC."
    return back_to(f"/alerts/{where}" if where.isalnum() else "/alerts", done=said)


@router.post("/alerts/silences/{id}/end")
async def unsilence(request: Request, id: str) -> Response:
    """End a silence now."""
    grant = require(request, "run")
    await run_in_threadpool(workspace_of(request).alerts.unsilence, id, grant.principal.name)
    return back_to("/alerts", done="The silence has ended.")


@router.post("/alerts/{id}/acknowledge")
async def acknowledge(request: Request, id: str) -> Response:
    """Take an alert from the form."""
    grant = require(request, "run")
    form = await form_of(request)
    alerts = workspace_of(request).alerts
    try:
        await run_in_threadpool(alerts.acknowledge, id, grant.principal.name, form.get("note", ""))
    except TreadleError as error:
        return await run_in_threadpool(_alert_page, request, id, problem=error, form=form)
    return back_to(f"/alerts/{id}", done="It is yours now; reminders stop unless it gets worse.")


@router.post("/alerts/{id}/resolve")
async def resolve(request: Request, id: str) -> Response:
    """End an alert from the form."""
    grant = require(request, "run")
    form = await form_of(request)
    alerts = workspace_of(request).alerts
    try:
        found = await run_in_threadpool(alerts.get, id)
        await run_in_threadpool(alerts.resolve, found.id, form.get("why", ""), by=grant.principal.name)
    except TreadleError as error:
        return await run_in_threadpool(_alert_page, request, id, problem=error, form=form)
    return back_to(f"/alerts/{id}", done="It is over.")


def _index_page(
    request: Request, *, done: str = "", problem: TreadleError | None = None, form: dict[str, str] | None = None
) -> Response:
    workspace = workspace_of(request)
    params = {name: value for name, value in request.query_params.items() if name != "done"}
    tabs = alert_tabs(workspace)
    state = params.get("state", "") if params.get("state", "") in {key for key, _, _ in tabs} else "live"
    rows = listed(
        "/alerts",
        params,
        alert_rows(workspace, state),
        sorts={
            "severity": lambda r: SEVERITIES.index(r.alert.severity),
            "opened": lambda r: r.alert.opened_at,
            "last": lambda r: r.alert.last_at,
            "times": lambda r: r.alert.times,
        },
        sort="-last",
        text=lambda r: r.words,
        choices={
            "severity": ("Severity", lambda r: r.alert.severity),
            "owner": ("Owner", lambda r: r.alert.owner),
            "kind": ("About", lambda r: r.alert.subject.kind),
        },
        noun="alert",
    )
    return render(
        request,
        "alerts.html",
        status=problem_of(problem).status if problem else 200,
        title="Alerts",
        active="alerts",
        live="/live/alerts",
        list=rows,
        tabs=tabs,
        state=state,
        silences=workspace.alerts.silences(),
        dead=sum(count for (_, how), count in workspace.alerts.outbox.counts().items() if how == "dead"),
        spans=SPANS,
        done=done,
        problem=problem,
        form=form or {},
    )


def _alert_page(
    request: Request,
    id: str,
    *,
    done: str = "",
    problem: TreadleError | None = None,
    form: dict[str, str] | None = None,
) -> Response:
    view = alert_view(workspace_of(request), id)
    return render(
        request,
        "alert.html",
        status=problem_of(problem).status if problem else 200,
        title=alert_title(view.alert),
        active="alerts",
        crumbs=(HOME,),
        live="/live/alerts",
        view=view,
        events=EVENTS,
        spans=SPANS,
        done=done,
        problem=problem,
        form=form or {},
    )
