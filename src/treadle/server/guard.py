"""What every request passes before anything else looks at it: its host, its origin, its size; and the headers every answer carries.

The host check stops DNS rebinding (a foreign page whose name suddenly resolves to 127.0.0.1), the origin check stops a foreign
page from posting to us in the user's name. Neither needs a cookie or a token in the form.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from treadle.server.problem import MEDIA, Problem, plain_problem

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LIMIT = 64 * 1024 * 1024  # bytes of a request body

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)


class Guard:
    """Wraps an ASGI application; `host` is the address it is bound to."""

    def __init__(self, app: App, *, host: str, limit: int = LIMIT) -> None:
        self._app = app
        self._loopback = is_loopback(host)
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        problem = self._refusal(scope["method"], headers)
        if problem is not None:
            await answer_problem(problem, send)
            return
        exchange = _Exchange(receive, send, self._limit)
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except _TooLarge:
            await exchange.send({"type": "http.response.start", "status": 413, "headers": []})

    def _refusal(self, method: str, headers: dict[bytes, str]) -> Problem | None:
        host = headers.get(b"host", "")
        if self._loopback and not is_loopback(host_name(host)):
            return plain_problem(
                421,
                f"This server answers to this machine alone, not to the name {host[:100]!r}.",
                mend="Open it as http://127.0.0.1 or http://localhost, or bind it to another address with --host.",
                field="Host",
            )
        if method not in SAFE and not same_origin(headers.get(b"origin"), headers.get(b"sec-fetch-site"), host):
            return plain_problem(
                403, "A page of another site tried to change something here.", mend="Open our own page.", field="Origin"
            )
        length = headers.get(b"content-length", "0")
        if length.isdecimal() and int(length) > self._limit:
            return _too_large(self._limit)
        return None


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine alone.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("evil.example"), is_loopback("0.0.0.0")
    (True, True, False, False)
    """
    if host.lower().rstrip(".") == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def host_name(host: str) -> str:
    """The name in a `Host` header, without the port.

    >>> host_name("localhost:7717"), host_name("[::1]:7717"), host_name("127.0.0.1")
    ('localhost', '::1', '127.0.0.1')
    """
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def same_origin(origin: str | None, fetch_site: str | None, host: str) -> bool:
    """Whether a request that changes something comes from our own pages or from a program (which sends no origin).

    >>> same_origin(None, None, "localhost:7717"), same_origin("http://evil.example", None, "localhost:7717")
    (True, False)
    >>> same_origin("http://[", None, "localhost:7717")
    False
    """
    if fetch_site not in (None, "same-origin", "none"):
        return False
    if origin is None:
        return True
    try:
        return "://" in origin and urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:  # such as "http://["
        return False


async def answer_problem(problem: Problem, send: Send) -> None:
    """Send a problem document as the whole answer."""
    body = msgspec.json.encode(problem.body())
    headers = [(b"content-type", MEDIA.encode()), (b"content-length", str(len(body)).encode()), *HEADERS]
    if problem.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class _TooLarge(Exception):
    """More bytes came than are allowed."""


class _Exchange:
    """One request and its answer: counts the bytes that come in, adds the headers to what goes out.

    A framework may turn the exception of a body that is too large into an answer of its own, so that answer is replaced here.
    """

    def __init__(self, receive: Receive, send: Send, limit: int) -> None:
        self._receive = receive
        self._send = send
        self._limit = limit
        self._left = limit
        self._answered = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                raise _TooLarge
        return message

    async def send(self, message: Message) -> None:
        if self._left < 0:
            if not self._answered:
                self._answered = True
                await answer_problem(_too_large(self._limit), self._send)
            return
        if message["type"] == "http.response.start":
            have = {name.lower() for name, _ in message.get("headers", ())}
            message["headers"] = [*message.get("headers", ()), *(h for h in HEADERS if h[0] not in have)]
        await self._send(message)


def _too_large(limit: int) -> Problem:
    return plain_problem(413, f"The request is larger than {limit // (1024 * 1024)} MB.", mend="Send it in parts.")
