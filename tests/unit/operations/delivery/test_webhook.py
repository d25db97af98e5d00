"""Webhooks: CloudEvents, signed, to where they may go, in their time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from treadle.operations import verify_webhook
from treadle.operations.delivery.channel import Undelivered
from treadle.operations.delivery.cloud_event import cloud_event


def _send(bench: Any, webhook: Any) -> dict[str, Any]:
    bench.alerts.observe(bench.evidence())
    (message,) = bench.alerts.outbox.unspread(10)
    event = cloud_event(message, project=bench.ground.project)
    webhook.send(message, event)
    return event


def test_it_is_a_structured_cloud_event(bench: Any, receiver: Any) -> None:
    sent = _send(bench, bench.webhook(receiver.url))
    (got,) = receiver.requests
    assert got.event == sent
    assert got.headers["content-type"].startswith("application/cloudevents+json")
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert {name: sent[name] for name in ("specversion", "type", "subject", "time")} == {
        "specversion": "1.0",
        "type": "io.treadle.alert.opened",
        "subject": "endpoint:late/drift",
        "time": "2013-04-01T00:00:00Z",
    }
    assert sent["data"]["alert"]["state"] == "open"


def test_the_receiver_can_tell_who_sent_it(bench: Any, receiver: Any) -> None:
    _send(bench, bench.webhook(receiver.url))
    (got,) = receiver.requests
    now, key = bench.ground.clock.wall().timestamp(), bench.environ["KEY"]
    assert verify_webhook(key, got.headers, got.body, now=now)
    assert not verify_webhook("other", got.headers, got.body, now=now)
    assert not verify_webhook(key, got.headers, got.body + b" ", now=now)
    assert not verify_webhook(key, got.headers, got.body, now=now + 301)
    assert not verify_webhook(key, {**got.headers, "webhook-id": "else"}, got.body, now=now)
    assert not verify_webhook(key, {}, got.body, now=now)


def test_what_is_secret_stays_in_the_environment(bench: Any, receiver: Any) -> None:
    bench.environ |= {"ADDRESS": receiver.url, "TOKEN": "Bearer hunter2"}
    hook = bench.webhook("", url_env="ADDRESS", authorization_env="TOKEN")
    _send(bench, hook)
    assert receiver.requests[0].headers["authorization"] == "Bearer hunter2"
    assert "hunter2" not in repr(hook._settings) + repr(hook)


def test_a_variable_that_is_not_set_is_named(bench: Any) -> None:
    with pytest.raises(Undelivered, match="variable NOWHERE is not set"):
        _send(bench, bench.webhook("http://127.0.0.1:1/", secret_env="NOWHERE"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://host/x",
        "http:///x",
        "http://ada:hunter2@host/",
        "http://host:0/",
        "http://[::1",
        "http://a b/",
        "http://host/a\nb",
    ],
)
def test_an_address_that_is_none_is_not_repeated(bench: Any, url: str) -> None:
    with pytest.raises(Undelivered) as caught:
        _send(bench, bench.webhook(url))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0x7f.1",
        "127.1",
        "0.0.0.0",
        "169.254.169.254",
    ],
)
def test_nothing_is_sent_into_private_networks(bench: Any, receiver: Any, host: str) -> None:
    hook = bench.webhook(f"http://{host}:{receiver.port}/", allow_private=False)
    with pytest.raises(Undelivered, match="nothing was sent") as caught:
        _send(bench, hook)
    assert caught.value.final
    assert receiver.requests == []


def test_redirects_are_not_followed(bench: Any, receiver: Any) -> None:
    receiver.answers = [(302, {"Location": receiver.url})]
    with pytest.raises(Undelivered, match="redirects are not followed"):
        _send(bench, bench.webhook(receiver.url))
    assert len(receiver.requests) == 1


def test_proxies_of_the_environment_are_not_asked(bench: Any, receiver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    _send(bench, bench.webhook(receiver.url))
    assert len(receiver.requests) == 1


def test_who_never_answers_is_given_up_in_time(bench: Any, silent_port: Callable[[], int]) -> None:
    with pytest.raises(Undelivered, match="no answer within 1 s"):
        _send(bench, bench.webhook(f"http://127.0.0.1:{silent_port()}/", timeout=1))


def test_who_answers_drop_by_drop_is_given_up_in_time(bench: Any) -> None:
    import socket
    import threading

    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(1)

    def drip() -> None:
        try:
            accepted, _ = listening.accept()
            accepted.sendall(b"HTTP/1.1 200 OK\r\n")
            while True:
                accepted.sendall(b"x")
                over.wait(0.05)
        except OSError:
            return  # the other side has gone

    over = threading.Event()
    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    with pytest.raises(Undelivered, match="no answer within 1 s"):
        _send(bench, bench.webhook(f"http://127.0.0.1:{listening.getsockname()[1]}/", timeout=1))
    listening.close()
    thread.join(5)


def test_nobody_there_is_said_without_the_address(bench: Any) -> None:
    with pytest.raises(Undelivered) as caught:
        _send(bench, bench.webhook("http://127.0.0.1:1/secret-path"))
    assert not caught.value.reached
    assert "secret-path" not in str(caught.value)


def test_a_name_nobody_knows(bench: Any) -> None:
    with pytest.raises(Undelivered, match="not known"):
        _send(bench, bench.webhook("http://nowhere.invalid/"))


def test_an_encrypted_connection_is_checked(bench: Any, receiver: Any) -> None:
    with pytest.raises(Undelivered, match="encrypted connection"):
        _send(bench, bench.webhook(f"https://127.0.0.1:{receiver.port}/"))
