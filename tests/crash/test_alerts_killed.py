"""A process that dies while it tells of alerts: what happened is told, at least once and under one id; what did not, never."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from treadle.config import ChannelSettings
from treadle.ids import RandomIds
from treadle.monitoring import Alerts
from treadle.operations import Delivery
from treadle.operations.delivery.webhook import Webhook
from treadle.testing import FakeClock, sqlite_database

CHILD = """
import os, signal, sys
from pathlib import Path
from treadle.config import ChannelSettings
from treadle.evidence import Subject
from treadle.ids import RandomIds
from treadle.monitoring import Alerts
from treadle.operations import Delivery
from treadle.operations.delivery.webhook import Webhook
from treadle.testing import FakeClock, sqlite_database

folder, url, moment = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
clock, database = FakeClock(), sqlite_database(folder)
alerts = Alerts(database, project="test", clock=clock, ids=RandomIds())

def die():
    os.kill(os.getpid(), signal.SIGKILL)

class Deadly(Webhook):
    def send(self, message, event):
        if moment == "before":
            die()
        super().send(message, event)
        if moment == "after":
            die()

channel = Deadly("hook", ChannelSettings(kind="webhook", url=url, allow_private=True), clock=clock, environ={})
delivery = Delivery(alerts.outbox, [channel], project="test", clock=clock, alerts=alerts)
with database.transaction():
    alerts.raise_("key", "Something is wrong.", subject=Subject("endpoint", "late"))
    if moment == "uncommitted":
        die()
if moment == "committed":
    die()
delivery.run_due()
"""


@pytest.fixture
def posts() -> Any:
    """Where webhooks go: the list of the ids that came, and the address."""
    ids: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            ids.append(self.headers["webhook-id"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield ids, f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("moment", "before", "after"), [("uncommitted", 0, 0), ("committed", 0, 1), ("before", 0, 1), ("after", 1, 2)]
)
def test_killed(tmp_path: Path, posts: Any, moment: str, before: int, after: int) -> None:
    ids, url = posts
    child = subprocess.run([sys.executable, "-c", textwrap.dedent(CHILD), str(tmp_path), url, moment], timeout=60)
    assert child.returncode == -signal.SIGKILL
    assert len(ids) == before
    clock = FakeClock()
    alerts = Alerts(sqlite_database(tmp_path), project="test", clock=clock, ids=RandomIds())
    hook = Webhook("hook", ChannelSettings(kind="webhook", url=url, allow_private=True), clock=clock, environ={})
    clock.sleep(120)  # until what the dead one had in hand is due again
    Delivery(alerts.outbox, [hook], project="test", clock=clock, alerts=alerts).run_due()
    assert len(ids) == after
    assert len(set(ids)) <= 1
    assert len(alerts.list()) == (moment != "uncommitted")
