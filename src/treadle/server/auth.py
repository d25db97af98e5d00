"""Who is asking: a bearer token, the cookie of our own sign-in page, or, with authentication off, whoever started the server."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool

from treadle.errors import Forbidden, TreadleError, Unauthenticated
from treadle.server.guard import App, Receive, Scope, Send, answer_problem
from treadle.server.problem import problem_of

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

    from treadle.access import Action, Grant
    from treadle.workspace import Workspace

COOKIE = "treadle_token"
OPEN = ("/health", "/static/", "/sign-in", "/favicon.ico")


class Auth:
    """Puts the caller's `Grant` into the scope, or answers 401 (a program) or leads to the sign-in page (a browser)."""

    def __init__(self, app: App, workspace: Workspace) -> None:
        self._app = app
        self._workspace = workspace
        self._owner: Grant | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(OPEN):
            await self._app(scope, receive, send)
            return
        try:
            scope["treadle.grant"] = self._owner or await run_in_threadpool(self._grant, scope)
        except TreadleError as error:
            if isinstance(error, Unauthenticated) and _is_browser(scope):
                await _lead_to_sign_in(scope, send)
                return
            await answer_problem(problem_of(error), send)
            return
        await self._app(scope, receive, send)

    def _grant(self, scope: Scope) -> Grant:
        from treadle.access import Grant

        workspace = self._workspace
        if workspace.config.server.auth == "off":
            if self._owner is None:
                self._owner = Grant(project=workspace.project, principal=workspace.principal, role="admin")
            return self._owner
        token = token_in(scope)
        if not token:
            raise Unauthenticated(
                "This server wants to know who is asking.",
                mend="Send the header `Authorization: Bearer <token>`; an admin issues tokens.",
            )
        return admitted(workspace, token)


def admitted(workspace: Workspace, token: str) -> Grant:
    """The grant of a token in this workspace's project and environment. Raises `Unauthenticated`, `Forbidden`."""
    grant = workspace.access.authenticate(token)
    if grant.project != workspace.project:
        raise Forbidden("The token is for another project.", mend=f"Ask for one of project {workspace.project!r}.")
    grant.require("read", environment(workspace))
    return grant


def environment(workspace: Workspace) -> Any:
    """The environment the server works in, as access knows it."""
    return workspace.config.project.environment


def grant_of(connection: HTTPConnection) -> Grant:
    """Who is asking."""
    return connection.scope["treadle.grant"]


def require(connection: HTTPConnection, action: Action) -> Grant:
    """The caller's grant if it allows `action`; raises `Forbidden`."""
    grant = grant_of(connection)
    grant.require(action, environment(connection.app.state.workspace))
    return grant


def token_in(scope: Scope) -> str:
    """The token of a request: from the header `Authorization`, else from the cookie; empty without one."""
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    scheme, _, value = headers.get(b"authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    try:
        cookie = SimpleCookie(headers.get(b"cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return cookie.value if cookie else ""


def _is_browser(scope: Scope) -> bool:
    accept = next((value for name, value in scope["headers"] if name == b"accept"), b"")
    return b"text/html" in accept and scope["method"] == "GET" and not scope["path"].startswith("/api/")


async def _lead_to_sign_in(scope: Scope, send: Send) -> None:
    wanted = scope["path"] + (f"?{scope['query_string'].decode('latin-1')}" if scope.get("query_string") else "")
    where = f"/sign-in?next={quote(wanted, safe='')}".encode()
    await send(
        {"type": "http.response.start", "status": 303, "headers": [(b"location", where), (b"content-length", b"0")]}
    )
    await send({"type": "http.response.body", "body": b""})
