"""The client of a replay against a real HTTP server that answers as told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from treadle.errors import Unavailable
from treadle.operations.replaying.asking import Asker, Heard
from treadle.operations.replaying.history import Asked, Known

AT = datetime(2024, 1, 1, 6, tzinfo=UTC)
ROWS = Asked(["a", "b"], [AT, AT], {"origin": ["JFK", None], "distance": [100.5, 7], "hour": [6, 6]})
KNOWN = Known(["a"], [True], [AT])


class Server(ThreadingHTTPServer):
    """Answers with the statuses of `plan`, one after the other, then with 200; 0 hangs up without an answer."""

    def __init__(self, plan: list[int]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.plan = plan
        self.heard: list[tuple[str, Any]] = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        assert isinstance(self.server, Server)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.heard.append((self.path, body))
        status = self.server.plan.pop(0) if self.server.plan else 200
        if not status:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"said")

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server([])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def asker(server: Server) -> Iterator[Asker]:
    asker = Asker(f"http://127.0.0.1:{server.server_port}", "late flights")
    yield asker
    asker.close()


def test_rows_are_asked_about_in_one_request_with_their_times_and_names(server: Server, asker: Asker) -> None:
    asker.predict(ROWS)
    ((path, body),) = server.heard
    assert path == "/v2/models/late%20flights/infer"
    assert body["parameters"] == {"time": [AT.isoformat()] * 2, "prediction_ids": ["a", "b"]}
    assert body["inputs"] == [
        {"name": "origin", "datatype": "BYTES", "shape": [2], "data": ["JFK", None]},
        {"name": "distance", "datatype": "FP64", "shape": [2], "data": [100.5, 7]},
        {"name": "hour", "datatype": "INT64", "shape": [2], "data": [6, 6]},
    ]
    assert asker.heard == Heard(requests=1, predictions=2)


def test_a_server_that_hangs_up_or_is_busy_is_asked_again_with_the_same_names(server: Server, asker: Asker) -> None:
    server.plan = [0, 503, 502]
    asker.predict(ROWS)
    assert [body["parameters"]["prediction_ids"] for _, body in server.heard] == [["a", "b"]] * 4
    assert (asker.heard.requests, asker.heard.predictions, asker.heard.dropped) == (1, 2, 0)


@pytest.mark.parametrize("status", [400, 500])
def test_a_request_that_is_refused_is_counted_as_dropped(server: Server, asker: Asker, status: int) -> None:
    server.plan = [status]
    asker.predict(ROWS)
    assert len(server.heard) == 1
    assert (asker.heard.requests, asker.heard.predictions, asker.heard.dropped) == (1, 0, 1)
    assert asker.heard.said == ["said"]


def test_a_server_that_comes_back_is_waited_for(server: Server, asker: Asker) -> None:
    server.plan = [503] * 8
    asker.predict(ROWS)
    assert (asker.heard.requests, asker.heard.predictions, asker.heard.dropped) == (1, 2, 0)


def test_a_server_that_stays_away_ends_the_replay_and_nothing_counts_as_dropped(server: Server) -> None:
    server.plan = [503] * 100
    with closing(Asker(f"http://127.0.0.1:{server.server_port}", "late", patience=0.3)) as asker:
        with pytest.raises(Unavailable, match=r"did not answer for 0\.3 s: said"):
            asker.predict(ROWS)
        assert asker.heard.dropped == 0


def test_labels_and_signals_are_told_and_a_refusal_stops_the_replay(server: Server, asker: Asker) -> None:
    asker.label(KNOWN)
    asker.signal("clicks", Known(["a"], [3], [AT]))
    entry = {"prediction_id": "a", "at": AT.isoformat()}
    assert server.heard == [
        ("/api/v1/endpoints/late%20flights/labels", {"labels": [{**entry, "value": True}]}),
        ("/api/v1/endpoints/late%20flights/signals", {"signal": "clicks", "signals": [{**entry, "value": 3}]}),
    ]
    assert asker.heard.labels == 1
    server.plan = [422]
    with pytest.raises(Unavailable, match="no labels: said"):
        asker.label(KNOWN)
    assert asker.heard.labels == 1


def test_counts_outlive_an_interruption(tmp_path) -> None:
    path = tmp_path / "counts.json"
    assert Heard.kept(path) == Heard.kept(None) == Heard()
    heard = Heard(requests=3, predictions=70, labels=9, dropped=1, said=["no"], until=AT)
    heard.keep(path)
    assert Heard.kept(path) == heard
    path.write_text('{"requests": "many"}')
    assert Heard.kept(path) == Heard()
