"""`/retraining`: who asked for turns and what came of it, and what would fire now."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from treadle.errors import TreadleError
from treadle.server.auth import require
from treadle.server.declared import declared
from treadle.server.problem import problem_of
from treadle.server.web.listing import listed
from treadle.server.web.pages.given import back_to, form_of, workspace_of
from treadle.server.web.render import render
from treadle.server.web.views.loops import loop_named
from treadle.server.web.views.retraining import request_rows, triggers_now

router = APIRouter()


@router.get("/retraining")
def index(request: Request, done: str = "") -> Response:
    """Every request, and what each trigger would do now."""
    return _page(request, done=done[:200])


@router.post("/retraining/ask")
async def ask(request: Request) -> Response:
    """Ask for a turn by hand."""
    grant, form = require(request, "run"), await form_of(request)
    workspace = workspace_of(request)
    try:
        loop = await run_in_threadpool(loop_named, workspace, form.get("loop", ""))
        await run_in_threadpool(
            lambda: workspace.retraining.ask(loop.name, reason=form.get("reason", ""), by=grant.principal.name)
        )
    except TreadleError as error:
        return await run_in_threadpool(_page, request, problem=error)
    return back_to("/retraining", done=f"{loop.name} is asked for; the controller turns it next.")


@router.post("/retraining/{id}/cancel")
async def cancel(request: Request, id: str) -> Response:
    """End an open request."""
    grant = require(request, "run")
    try:
        await run_in_threadpool(lambda: workspace_of(request).retraining.cancel(id, by=grant.principal.name))
    except TreadleError as error:
        return await run_in_threadpool(_page, request, problem=error)
    return back_to("/retraining", done="The request is cancelled.")


def _page(request: Request, *, done: str = "", problem: TreadleError | None = None) -> Response:
    workspace = workspace_of(request)
    status = problem_of(problem).status if problem else 200
    problem = problem or declared(workspace).problem
    params = {name: value for name, value in request.query_params.items() if name != "done"}
    rows = listed(
        "/retraining",
        params,
        request_rows(workspace),
        sorts={
            "asked": lambda r: r.request.asked_at,
            "took": lambda r: r.request.seconds or None,
            "loop": lambda r: r.request.loop,
        },
        sort="-asked",
        text=lambda r: r.words,
        choices={"state": ("State", lambda r: r.request.state), "loop": ("Loop", lambda r: r.request.loop)},
        noun="request",
    )
    return render(
        request,
        "retraining.html",
        status=status,
        title="Retraining",
        active="retraining",
        list=rows,
        now=triggers_now(workspace),
        done=done,
        problem=problem,
        live="/live/loop",
    )
