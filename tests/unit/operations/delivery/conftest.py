"""A receiver on this machine, and deliveries to it."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from treadle.config import ChannelSettings
from treadle.evidence import Evidence, Subject, Verdict
from treadle.monitoring import Alerts
from treadle.operations import Delivery
from treadle.operations.delivery.webhook import Webhook
from treadle.testing import Ground

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass
class Received:
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        return json.loads(self.body)


@dataclass
class Receiver:
    """Remembers what was posted; answers what `answers` says, one after the other, then 204."""

    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    requests: list[Received] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?key=hidden"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            found.requests.append(Received({k.lower(): v for k, v in self.headers.items()}, body))
            status, headers = found.answers.pop(0) if found.answers else (204, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()


@dataclass
class Bench:
    """Alerts whose messages leave through channels."""

    ground: Ground
    alerts: Alerts
    environ: dict[str, str]

    def evidence(self, status: str = "failed", check: str = "drift") -> Evidence:
        verdict = Verdict(status, 0.4, 0.2, f"It {status}.")  # type: ignore[arg-type]
        return self.ground.ledger.record(check, "live", Subject("endpoint", "late"), verdict, reaction="warn")

    def webhook(self, url: str, name: str = "hook", **more: Any) -> Webhook:
        settings = ChannelSettings(kind="webhook", url=url, **{"allow_private": True, "secret_env": "KEY", **more})
        return Webhook(name, settings, clock=self.ground.clock, environ=self.environ)

    def delivery(self, *channels: Any, **more: Any) -> Delivery:
        return Delivery(
            self.alerts.outbox,
            channels,
            project=self.ground.project,
            clock=self.ground.clock,
            alerts=self.alerts,
            chance=random.Random(1),
            **more,
        )

    def errors(self) -> list[str]:
        return [parcel.error for parcel in self.alerts.outbox.parcels() if parcel.error]


@pytest.fixture
def bench(ground: Ground) -> Bench:
    alerts = Alerts(ground.database, project=ground.project, clock=ground.clock, ids=ground.ids)
    return Bench(ground, alerts, {"KEY": SECRET})


@pytest.fixture
def silent_port() -> Iterator[Callable[[], int]]:
    """A port that takes a connection and never says a word."""
    import socket

    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(8)
    yield lambda: listening.getsockname()[1]
    listening.close()
