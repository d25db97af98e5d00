"""The ASGI app of the inference protocols: paths and bodies in, bytes out; what they mean is decided in `serving`.

`/v2…` is the Open Inference Protocol, `/invocations` and `/ping` MLflow's (and SageMaker's) scoring protocol. Written without a
framework because every microsecond here is paid on every prediction.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs

import msgspec

from treadle import __version__
from treadle.clock import Clock
from treadle.errors import InvalidInput, NotFound, TreadleError
from treadle.ids import Ids
from treadle.server.oip.errors import TooLarge, body_of, error_body, status_of
from treadle.serving import DataPlane, prometheus_text, read_workers

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PREFIXES: tuple[str, ...] = ("/v2", "/invocations", "/ping")
"""The paths the app answers: each of these and everything below it."""

LARGEST_BODY = 32 << 20
Header = tuple[bytes, bytes]
_JSON: Header = (b"content-type", b"application/json")
_TEXT: Header = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")
_log = logging.getLogger("treadle.serving")


class InferenceApp:
    """Answers inference over HTTP from one data plane.

    Mount it below the paths of `prefixes`; call `start` and `close` around its life (a bare server does so by the lifespan
    protocol). With `alone`, it also answers `/health`, `/version` and `/metrics` as a worker does.
    """

    prefixes = PREFIXES

    def __init__(self, plane: DataPlane, *, alone: bool = False, largest_body: int = LARGEST_BODY) -> None:
        self.plane = plane
        self._alone = alone
        self._largest = largest_body
        self._started = False
        self._quick: dict[str, tuple[str, bool]] = {"/invocations": ("", True)}

    async def start(self) -> None:
        """Open what is deployed and follow it."""
        self._started = True
        await self.plane.start()

    def answers(self, path: str) -> bool:
        """Whether a request to `path` is for it."""
        return path.startswith(PREFIXES) and (path in PREFIXES or path.startswith("/v2/"))

    async def close(self) -> None:
        """Close models and logs."""
        await self.plane.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        asked = self._quick.get(scope["path"]) if kind == "http" and scope["method"] == "POST" else None
        if asked is not None and not scope.get("query_string"):
            message = await receive()
            body: bytes = message.get("body", b"")
            if not message.get("more_body") and len(body) <= self._largest:
                response = self._now(*asked, body)
                if response is not None:
                    headers = [_JSON, (b"content-length", b"%d" % len(response))]
                    await send({"type": "http.response.start", "status": 200, "headers": headers})
                    await send({"type": "http.response.body", "body": response})
                    return None
            receive = _again(message, receive)
        if kind == "lifespan":
            return await self._lifespan(receive, send)
        if kind != "http":
            return None
        if not self._started:
            await self.start()
        headers: list[Header]
        try:
            status, headers, body = await self._respond(scope, receive)
        except TreadleError as error:
            status, headers, body = status_of(error), [_JSON], body_of(error)
            self.plane.measures.refused(self._endpoint(scope["path"]), status)
        except Exception:  # noqa: BLE001 - whatever is left is our own mistake: told, and never a traceback to the caller
            _log.exception("a request failed")
            status, headers, body = 500, [_JSON], error_body("The server failed; its log says why.")
            self.plane.measures.refused(self._endpoint(scope["path"]), 500)
        headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
        return None

    async def _respond(self, scope: Scope, receive: Receive) -> tuple[int, list[Header], bytes]:
        path: str = scope["path"]
        if path.startswith("/v2/models/"):
            parts = path[11:].rstrip("/").split("/")
            if not parts[0]:
                raise _unknown(path)
            if parts[-1] == "infer" and len(parts) in (2, 4):
                if len(parts) == 4 and parts[1] != "versions":
                    raise _unknown(path)
                if scope["method"] != "POST":
                    return _not_allowed("POST")
                body = await self._body(scope, receive)
                answer = await self.plane.infer(parts[0], parts[2] if len(parts) == 4 else "", body)
                if path == f"/v2/models/{parts[0]}/infer":  # it exists, so this cannot outgrow the endpoints there are
                    self._quick[path] = (parts[0], False)
                return 200, [_JSON], answer
            return self._about(scope, path, parts)
        if path == "/invocations":
            if scope["method"] != "POST":
                return _not_allowed("POST")
            return 200, [_JSON], await self._invocations(scope, receive)
        return self._health(scope, path.rstrip("/"))

    def _now(self, endpoint: str, scoring: bool, body: bytes) -> bytes | None:
        """The answer of the short cut; None for the general way, which also says what is wrong."""
        try:
            return self.plane.answer_now(endpoint, body, scoring=scoring)
        except TreadleError:
            return None

    def _about(self, scope: Scope, path: str, parts: list[str]) -> tuple[int, list[Header], bytes]:
        """`/v2/models/{model}[/versions/{version}][/ready]`."""
        if scope["method"] not in ("GET", "HEAD"):
            return _not_allowed("GET")
        name, rest = parts[0], parts[1:]
        ready = bool(rest) and rest[-1] == "ready"
        if ready:
            rest = rest[:-1]
        if rest and (len(rest) != 2 or rest[0] != "versions"):
            raise _unknown(path)
        about = self.plane.describe(name, rest[1] if rest else "")
        return 200, [_JSON], msgspec.json.encode({"name": name, "ready": True}) if ready else about

    def _health(self, scope: Scope, path: str) -> tuple[int, list[Header], bytes]:
        if scope["method"] not in ("GET", "HEAD"):
            return _not_allowed("GET")
        plane = self.plane
        if path == "/v2":
            return 200, [_JSON], msgspec.json.encode({"name": "treadle", "version": __version__, "extensions": []})
        if path == "/v2/models":
            return 200, [_JSON], msgspec.json.encode({"models": plane.endpoints()})
        if path == "/v2/health/live":
            return 200, [_JSON], b'{"live":true}'
        if path == "/v2/health/ready":
            ready = bool(plane.endpoints())
            return (200 if ready else 503), [_JSON], b'{"ready":true}' if ready else b'{"ready":false}'
        if path == "/ping" or (self._alone and path == "/health"):
            ready = bool(plane.endpoints())
            return (200 if ready else 503), [_JSON], b"{}" if ready else error_body("Nothing is deployed yet.")
        if self._alone and path == "/version":
            return 200, [_TEXT], __version__.encode()
        if self._alone and path == "/metrics":
            return 200, [_TEXT], self.metrics().encode()
        raise _unknown(path)

    def metrics(self) -> str:
        """The counters of every live worker as Prometheus text; this one's as of now."""
        snapshots = {worker.worker: worker.measures for worker in read_workers(self.plane.state)}
        return prometheus_text({**snapshots, self.plane.worker: self.plane.measures.snapshot()})

    async def _invocations(self, scope: Scope, receive: Receive) -> bytes:
        headers = dict(scope["headers"])
        content_type = headers.get(b"content-type", b"application/json").partition(b";")[0].strip().lower()
        if content_type not in (b"application/json", b"text/csv"):
            raise InvalidInput(
                f"The content type {content_type.decode('latin-1')!r} is not understood.",
                mend="Send application/json or text/csv.",
                field="content-type",
            )
        endpoint = (parse_qs(scope.get("query_string", b"").decode("latin-1")).get("endpoint") or [""])[0]
        return await self.plane.invocations(
            endpoint, await self._body(scope, receive), text=content_type == b"text/csv"
        )

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        message = await receive()
        body: bytes = message.get("body", b"")
        if not message.get("more_body"):
            if len(body) > self._largest:
                raise TooLarge(self._largest)
            return self._plain(scope, body)
        pieces, size = [body], len(body)
        while message.get("more_body"):
            message = await receive()
            piece = message.get("body", b"")
            size += len(piece)
            if size > self._largest:
                raise TooLarge(self._largest)
            pieces.append(piece)
        return self._plain(scope, b"".join(pieces))

    def _plain(self, scope: Scope, body: bytes) -> bytes:
        if not body.startswith((b"{", b"[")):  # the rare case: is it compressed, or in the binary form?
            names = {name for name, _ in scope["headers"]}
            if b"content-encoding" in names:
                raise InvalidInput(
                    "A compressed body is not understood.", mend="Send it plain.", field="content-encoding"
                )
        return body

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self.start()
                except TreadleError as error:
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    return
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    def _endpoint(self, path: str) -> str:
        """The endpoint a path names, if there is one: a client must not be able to make up names in the metrics."""
        name = path[11:].partition("/")[0] if path.startswith("/v2/models/") else ""
        return name if name in self.plane.endpoints() else ""


def build_app(
    state: Path | str,
    *,
    worker: str = "server",
    clock: Clock | None = None,
    ids: Ids | None = None,
    durability: Literal["process", "power"] = "process",
    full_disk: Literal["refuse", "serve"] = "refuse",
    alone: bool = False,
    largest_body: int = LARGEST_BODY,
) -> InferenceApp:
    """The app over the endpoints deployed below `state`; `worker` names this process in logs and metrics."""
    plane = DataPlane(state, worker=worker, clock=clock, ids=ids, durability=durability, full_disk=full_disk)
    return InferenceApp(plane, alone=alone, largest_body=largest_body)


def _again(message: MutableMapping[str, Any], receive: Receive) -> Receive:
    """The same stream of messages with one that was taken from it put back."""
    taken = [message]

    async def receive_again() -> MutableMapping[str, Any]:
        return taken.pop() if taken else await receive()

    return receive_again


def _not_allowed(method: str) -> tuple[int, list[Header], bytes]:
    body = error_body(f"This path takes {method} only.")
    return 405, [_JSON, (b"allow", b"GET, HEAD" if method == "GET" else method.encode())], body


def _unknown(path: str) -> NotFound:
    return NotFound(
        f"There is nothing at {path[:200]}.",
        mend="See /v2, /v2/models/{model}, /v2/models/{model}/infer, /invocations, /ping.",
    )
