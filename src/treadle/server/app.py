"""One application of everything the server answers: REST, pages, metrics, health, and inference for small set-ups."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from treadle import __version__
from treadle.errors import TreadleError
from treadle.server import rest, web
from treadle.server.auth import Auth
from treadle.server.declared import declared
from treadle.server.guard import LIMIT, App, Guard, Message, Receive, Scope, Send
from treadle.server.inference import open_inference
from treadle.server.metrics import Measured, Metrics
from treadle.server.problem import MEDIA, Problem, internal_problem, plain_problem, problem_of
from treadle.server.rest.batches import BatchLog
from treadle.server.rest.labels import FeedbackIntake
from treadle.server.web.views.traffic import Logs

if TYPE_CHECKING:
    from treadle.server.oip import InferenceApp
    from treadle.workspace import Workspace

log = logging.getLogger("treadle.server")


def create_app(workspace: Workspace, *, host: str | None = None, limit: int = LIMIT) -> Application:
    """The ASGI application over `workspace`.

    `host` is the address it will be bound to (default: the configured one): on a loopback address only requests that name this
    machine are answered. `limit` is the largest request body in bytes. Setting its `stopping` ends open live streams.
    """
    metrics = Metrics(workspace)
    control = _control_plane(workspace, metrics)
    inference = open_inference(workspace)
    control.state.inference = inference
    control.state.batches = batches = BatchLog(workspace)
    control.state.intake = intake = FeedbackIntake(workspace)
    inner = Auth(Dispatch(control, inference, (batches, intake)), workspace)
    guarded = Guard(inner, host=host or workspace.config.server.host, limit=limit)
    return Application(Measured(guarded, metrics), control.state.stopping)


class Application:
    """What a server runs."""

    def __init__(self, app: App, stopping: asyncio.Event) -> None:
        self._app = app
        self.stopping = stopping
        self.refused: TreadleError | None = None  # why it could not start

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            return await self._app(scope, receive, send)
        try:
            return await self._app(scope, receive, _without_traceback(send))
        except TreadleError as error:
            self.refused = error
            raise


class Dispatch:
    """Sends hot paths straight to where they are answered, the rest to the control plane; `HEAD` as `GET` without a body."""

    def __init__(self, control: App, inference: InferenceApp, intakes: Sequence[BatchLog | FeedbackIntake]) -> None:
        self._control = control
        self._inference = inference
        self._intakes = intakes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._inference.answers(scope["path"]):
            await self._inference(scope, receive, send)
        elif scope["type"] == "http" and (intake := next((i for i in self._intakes if i.answers(scope)), None)):
            await intake(scope, receive, send)
        elif scope["type"] == "http" and scope["method"] == "HEAD":
            await self._control({**scope, "method": "GET"}, receive, _without_body(send))
        else:
            await self._control(scope, receive, send)


def _without_traceback(send: Send) -> Send:
    async def sending(message: Message) -> None:
        await send({**message, "message": ""} if message["type"] == "lifespan.startup.failed" else message)

    return sending


def _without_body(send: Send) -> Send:
    async def sending(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return sending


def _control_plane(workspace: Workspace, metrics: Metrics) -> FastAPI:
    app = FastAPI(
        title="Treadle",
        version=__version__,
        summary="Keeps machine-learning models alive in production.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.workspace = workspace
    app.state.metrics = metrics
    app.state.stopping = asyncio.Event()
    app.state.logs = Logs()
    _add_plumbing(app)
    rest.include(app)
    web.include(app)
    _add_handlers(app)
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    await app.state.inference.start()
    # A loop file imports whole libraries: read it while nobody waits for a page yet.
    warming = asyncio.get_running_loop().run_in_executor(None, declared, app.state.workspace)
    yield
    warming.cancel()
    app.state.stopping.set()
    await app.state.inference.close()
    app.state.batches.close()
    app.state.intake.close()


def _add_plumbing(app: FastAPI) -> None:
    @app.get("/health", include_in_schema=False)
    def health() -> dict[str, str]:
        """Whether the process answers and its database does."""
        app.state.workspace.database.one("SELECT 1 AS x")
        return {"status": "ok", "version": __version__}

    @app.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        """What Prometheus scrapes."""
        found: Metrics = app.state.metrics
        served: InferenceApp = app.state.inference
        return Response(found.exposition() + served.metrics().encode(), media_type=found.content_type)


def _add_handlers(app: FastAPI) -> None:
    async def foreseen(request: Request, error: Exception) -> Response:
        assert isinstance(error, TreadleError)
        return answer(request, problem_of(error))

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
        problem = plain_problem(422, f"{field}: {first['msg']}.", mend="See /api/v1/openapi.json.", field=field)
        return answer(request, problem)

    async def plain(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        detail = "There is nothing at this address." if error.status_code == 404 else str(error.detail)
        return answer(request, plain_problem(error.status_code, detail), error.headers)

    async def unforeseen(request: Request, error: Exception) -> Response:
        id = request.app.state.workspace.ids.new()
        log.error("%s: %s %s", id, request.method, request.url.path, exc_info=error)
        return answer(request, internal_problem(id))

    app.add_exception_handler(TreadleError, foreseen)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, plain)
    app.add_middleware(_Caught, handler=unforeseen)


class _Caught:
    """Answers errors nobody foresaw; Starlette's own handler would answer and then raise them again."""

    def __init__(self, app: App, handler: Any) -> None:
        self._app = app
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def sending(message: Any) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:  # the border: whatever it is, the caller gets an answer and the log the trace
            if started or scope["type"] != "http":
                raise
            answered = await self._handler(Request(scope, receive), error)
            await answered(scope, receive, send)


def answer(request: Request, problem: Problem, headers: Any = None) -> Response:
    """A problem as the caller reads it best: a page for people, a problem document for programs."""
    if web.wants_page(request):
        return web.error_page(request, problem)
    more = {**(headers or {}), **({"WWW-Authenticate": "Bearer"} if problem.status == 401 else {})}
    return JSONResponse(problem.body(), status_code=problem.status, media_type=MEDIA, headers=more)
