"""Host, origin, size and headers, before anything else looks at a request."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from treadle.server.guard import HEADERS, Guard, host_name, is_loopback, same_origin

HOST = (b"host", b"127.0.0.1:7717")


async def _echo(scope: Any, receive: Any, send: Any) -> None:
    size = 0
    while True:
        message = await receive()
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": str(size).encode()})


async def _stubborn(scope: Any, receive: Any, send: Any) -> None:
    """A framework that turns every exception of reading into an answer of its own."""
    try:
        await _echo(scope, receive, send)
    except Exception:
        await send({"type": "http.response.start", "status": 400, "headers": []})
        await send({"type": "http.response.body", "body": b"cannot read"})


def ask(
    *headers: tuple[bytes, bytes],
    method: str = "GET",
    host: str = "127.0.0.1",
    body: tuple[bytes, ...] = (b"",),
    app: Any = _echo,
) -> tuple[int, dict[bytes, bytes], bytes]:
    sent: list[dict[str, Any]] = []
    parts = [{"type": "http.request", "body": part, "more_body": True} for part in body[:-1]]
    parts.append({"type": "http.request", "body": body[-1], "more_body": False})

    async def receive() -> dict[str, Any]:
        return parts.pop(0)

    async def send(message: Any) -> None:
        sent.append(dict(message))

    scope = {"type": "http", "method": method, "path": "/", "headers": list(headers)}
    asyncio.run(Guard(app, host=host, limit=1000)(scope, receive, send))  # type: ignore[arg-type]
    starts = [message for message in sent if message["type"] == "http.response.start"]
    assert len(starts) == 1
    return starts[0]["status"], dict(starts[0]["headers"]), b"".join(m.get("body", b"") for m in sent)


@pytest.mark.parametrize("name", [b"localhost", b"127.0.0.1:1", b"[::1]:7717", b"treadle.localhost:80", b"127.8.8.8"])
def test_this_machine_s_names_are_answered(name: bytes) -> None:
    assert ask((b"host", name))[0] == 200


@pytest.mark.parametrize(
    "name", [b"evil.example", b"127.0.0.1.evil.example", b"localhost.evil.example:7717", b"", b"[", b"0.0.0.0"]
)
def test_other_names_for_a_loopback_server_are_rebinding(name: bytes) -> None:
    status, headers, body = ask((b"host", name))
    assert status == 421
    assert headers[b"content-type"] == b"application/problem+json"
    assert b"--host" in body


def test_a_server_for_the_network_answers_to_any_name() -> None:
    assert ask((b"host", b"models.example"), host="0.0.0.0")[0] == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([], 200),
        ([(b"origin", b"http://127.0.0.1:7717")], 200),
        ([(b"sec-fetch-site", b"same-origin"), (b"origin", b"http://127.0.0.1:7717")], 200),
        ([(b"sec-fetch-site", b"none")], 200),
        ([(b"origin", b"http://evil.example")], 403),
        ([(b"origin", b"http://127.0.0.1:8000")], 403),
        ([(b"origin", b"null")], 403),
        ([(b"sec-fetch-site", b"cross-site")], 403),
        ([(b"sec-fetch-site", b"same-site")], 403),
    ],
)
def test_only_our_own_pages_and_programs_may_change_something(headers: list[tuple[bytes, bytes]], status: int) -> None:
    assert ask(HOST, *headers, method="POST")[0] == status


def test_looking_from_another_site_is_harmless() -> None:
    assert ask(HOST, (b"origin", b"http://evil.example"), (b"sec-fetch-site", b"cross-site"))[0] == 200


@pytest.mark.parametrize("app", [_echo, _stubborn])
def test_a_body_beyond_the_limit_is_refused_however_it_comes(app: Any) -> None:
    assert ask(HOST, (b"content-length", b"1001"), method="POST", app=app)[0] == 413
    status, _, body = ask(HOST, method="POST", body=(b"x" * 600, b"y" * 600), app=app)
    assert status == 413
    assert b"larger than" in body
    assert b"cannot read" not in body


def test_a_body_at_the_limit_passes() -> None:
    assert ask(HOST, method="POST", body=(b"x" * 500, b"y" * 500))[2] == b"1000"


def test_every_answer_carries_the_headers() -> None:
    for headers in (ask(HOST)[1], ask((b"host", b"evil.example"))[1]):
        assert {name for name, _ in HEADERS} <= set(headers)
    policy = ask(HOST)[1][b"content-security-policy"].decode()
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'")


def test_an_answer_s_own_header_wins() -> None:
    async def framed(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"X-Frame-Options", b"SAMEORIGIN")]})
        await send({"type": "http.response.body"})

    assert ask(HOST, app=framed)[1][b"X-Frame-Options"] == b"SAMEORIGIN"


def test_reading_hosts_and_origins() -> None:
    assert host_name("[::1") == ""
    assert is_loopback("LOCALHOST.")
    assert not same_origin("garbage", None, "garbage")
