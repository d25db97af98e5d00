"""`/score`: the ML Test Score, test by test, and the maturity levels."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from treadle.server.web.pages.given import back_to, form_of, workspace_of
from treadle.server.web.render import render
from treadle.server.web.views.score import view_of

router = APIRouter()


@router.get("/score")
def page(request: Request) -> Response:
    """All 28 tests."""
    found = workspace_of(request).readiness.score()
    return render(
        request,
        "score.html",
        title="Readiness",
        active="score",
        score=found,
        view=view_of(found),
        done=request.query_params.get("done", "")[:200],
    )


@router.post("/score/{test}/attest")
async def attest(request: Request, test: str) -> Response:
    """A person's word for a test done by hand."""
    from starlette.concurrency import run_in_threadpool

    from treadle.server.auth import require

    grant, form = require(request, "promote"), await form_of(request)
    await run_in_threadpool(
        lambda: workspace_of(request).readiness.attest(
            test, link=form.get("link", ""), note=form.get("note", ""), principal=grant.principal.name
        )
    )
    return back_to("/score", done=f"{test} is attested: half a point for 90 days.")
