"""The pages: server-rendered, every state in the address, no script needed to read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.server.web.render import render, wants_page

if TYPE_CHECKING:
    from fastapi import FastAPI, Request
    from fastapi.responses import Response

    from treadle.server.problem import Problem

__all__ = ["error_page", "include", "wants_page"]


def include(app: FastAPI) -> None:
    """Add every page, the static files and the live stream."""
    from treadle.server.web import assets, live
    from treadle.server.web.pages import (
        alerts,
        audit,
        datasets,
        endpoints,
        evidence,
        executions,
        features,
        loops,
        models,
        overview,
        predictions,
        retraining,
        rollouts,
        runs,
        score,
        status,
    )
    from treadle.server.web.pages import session as sign_in

    pages = (
        overview,
        loops,
        retraining,
        alerts,
        audit,
        datasets,
        features,
        executions,
        runs,
        models,
        rollouts,
        endpoints,
        predictions,
        evidence,
        score,
        status,
        sign_in,
    )
    for module in (assets, live, *pages):
        app.include_router(module.router, include_in_schema=False)


def error_page(request: Request, problem: Problem) -> Response:
    """A problem as a page."""
    return render(request, "error.html", title=problem.title, problem=problem, status=problem.status)
