"""`/sign-in` and `/sign-out`: for people, when the server wants tokens."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from treadle.errors import TreadleError
from treadle.server.auth import COOKIE, admitted
from treadle.server.problem import problem_of
from treadle.server.web.pages.given import form_of, workspace_of
from treadle.server.web.render import render

router = APIRouter()
WEEK = 7 * 86_400


@router.get("/sign-in")
def page(request: Request, next: str = "/") -> Response:
    """Ask for a token."""
    return render(request, "sign_in.html", title="Sign in", next=_inside(next), problem=None)


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Keep a good token in a cookie that no script reads and no other site sends."""
    form = await form_of(request)
    where = _inside(form.get("next", "/"))
    token = form.get("token", "").strip()
    try:
        await run_in_threadpool(admitted, workspace_of(request), token)
    except TreadleError as error:
        return render(
            request, "sign_in.html", status=problem_of(error).status, title="Sign in", next=where, problem=error
        )
    answer = RedirectResponse(where, status_code=303)
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, token, max_age=WEEK, httponly=True, samesite="strict", secure=secure, path="/")
    return answer


@router.post("/sign-out")
def sign_out() -> Response:
    """Forget the token."""
    answer = RedirectResponse("/sign-in", status_code=303)
    answer.delete_cookie(COOKIE, path="/")
    return answer


def _inside(where: str) -> str:
    """An address on this server; anything else becomes the first page."""
    return where if where.startswith("/") and not where.startswith(("//", "/\\")) else "/"
