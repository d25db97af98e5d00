"""`/rollouts`: versions on their way into live traffic; one with its evidence; pause, resume, abort, promote."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from treadle.errors import InvalidInput, TreadleError
from treadle.server.auth import require
from treadle.server.problem import problem_of
from treadle.server.web.charts.rollouts import differences, p_values
from treadle.server.web.listing import listed
from treadle.server.web.pages.given import back_to, form_of, workspace_of
from treadle.server.web.render import render

if TYPE_CHECKING:
    from treadle.rollouts import Rollout, Rollouts

router = APIRouter()
HOME = ("Rollouts", "/rollouts")
_DONE = {
    "pause": "It is paused; shares stay as they are.",
    "resume": "It goes on.",
    "abort": "All traffic is back with the champion.",
    "promote": "Its version is champion now.",
}


@router.get("/rollouts")
def index(request: Request) -> Response:
    """Every rollout."""
    rows = listed(
        "/rollouts",
        request.query_params,
        workspace_of(request).rollouts.list(limit=1_000),
        sorts={
            "version": lambda r: (r.model, r.version),
            "started": lambda r: r.started_at,
            "answers": lambda r: r.figures.samples.get("challenger", 0),
            "p": lambda r: 1.0 if r.figures.p_value is None else r.figures.p_value,
        },
        sort="-started",
        text=lambda r: f"{r.model}@{r.version} {r.state} {r.reason} {r.why} {r.by}",
        choices={"state": ("State", lambda r: r.state), "model": ("Model", lambda r: r.model)},
        noun="rollout",
    )
    return render(request, "rollouts.html", title="Rollouts", active="rollouts", list=rows, live="/live/rollouts")


@router.get("/rollouts/{rollout}")
def rollout(request: Request, rollout: str, done: str = "") -> Response:
    """One rollout with what speaks for and against it."""
    return _page(request, rollout, done=done)


@router.post("/rollouts/{rollout}/{verb}")
async def act(request: Request, rollout: str, verb: str) -> Response:
    """Pause, resume, abort or promote from the form."""
    grant = require(request, "promote")
    form = await form_of(request)
    move = _verb(workspace_of(request).rollouts, verb)
    try:
        await run_in_threadpool(move, rollout, by=grant.principal.name, why=form.get("why", ""))
    except TreadleError as error:
        return await run_in_threadpool(_page, request, rollout, problem=error)
    return back_to(f"/rollouts/{rollout}", done=_DONE[verb])


def _verb(rollouts: Rollouts, verb: str) -> Callable[..., Rollout]:
    verbs = {
        "pause": rollouts.pause,
        "resume": rollouts.resume,
        "abort": rollouts.abort,
        "promote": rollouts.promote,
    }
    if verb not in verbs:
        raise InvalidInput(f"{verb!r} is nothing a rollout can do.", mend=f"One of: {', '.join(verbs)}.", field="verb")
    return verbs[verb]


def _page(request: Request, rollout_id: str, *, done: str = "", problem: TreadleError | None = None) -> Response:
    rollouts = workspace_of(request).rollouts
    found = rollouts.get(rollout_id)
    looks = rollouts.looks(rollout_id)
    level = found.level
    return render(
        request,
        "rollout.html",
        status=problem_of(problem).status if problem else 200,
        title=f"{found.model}@{found.version}",
        active="rollouts",
        crumbs=(HOME,),
        rollout=found,
        evidence=rollouts.evidence(rollout_id),
        events=rollouts.events(rollout_id)[::-1],
        p_chart=p_values(looks, level) if len(looks) > 1 else None,
        difference_chart=differences(looks, found.plan.margin) if len(looks) > 1 else None,
        charts=len(looks) > 1,
        level=level,
        done=done,
        problem=problem,
        live="" if found.ended else f"/live/rollouts?id={found.id}",
    )
