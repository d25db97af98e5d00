"""`/api/v1/alerts`, asked plainly and through the client."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from treadle.client import Client
from treadle.errors import Conflict, Forbidden, InvalidInput, NotFound
from treadle.evidence import Subject
from treadle.server import create_app
from treadle.workspace import Workspace


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    (tmp_path / "treadle.toml").write_text('[project]\nname = "flights"\nprincipal = "ada"\n')
    opened = Workspace.open(tmp_path)
    opened.alerts.raise_("late/drift", "It drifted.", subject=Subject("endpoint", "late"), severity="critical")
    return opened


@pytest.fixture
def web(space: Workspace) -> Iterator[TestClient]:
    with TestClient(create_app(space), base_url="http://127.0.0.1:7717") as client:
        yield client


@pytest.fixture
def client(web: TestClient) -> Client:
    return Client("http://127.0.0.1:7717", transport=web._transport)


def test_a_life_of_an_alert(client: Client) -> None:
    (alert,) = client.alerts.list("live", severity="critical", pattern="late/*")
    assert client.alerts.get(alert.id) == alert
    taken = client.alerts.acknowledge(alert.id, "On it.")
    assert (taken.state, taken.acknowledged_by) == ("acknowledged", "ada")
    over = client.alerts.resolve(alert.id, "Mended.")
    assert (over.state, over.resolved_why) == ("resolved", "Mended.")
    assert client.alerts.list("live") == ()
    assert [event.kind for event in client.alerts.history(alert.id)] == ["opened", "acknowledged", "resolved"]
    with pytest.raises(Conflict, match="over already"):
        client.alerts.acknowledge(alert.id)
    with pytest.raises(NotFound):
        client.alerts.get("nothing")


def test_silences(client: Client, web: TestClient, space: Workspace) -> None:
    made = client.alerts.silence("late/*", timedelta(hours=2), "Work.")
    assert client.alerts.silences() == (made,)
    assert web.get("/api/v1/alerts").json()[0]["silenced_until"] is not None
    assert client.alerts.unsilence(made.id).ended_by == "ada"
    assert client.alerts.silences() == ()
    assert client.alerts.silence("*", space.clock.now() + timedelta(days=1), "Work.").by == "ada"
    with pytest.raises(InvalidInput):
        client.alerts.silence("*", "soon", "Work.")
    alert = space.alerts.list()[0].id
    answer = web.post(f"/api/v1/alerts/{alert}/silence", json={"why": "Known.", "span": "1d"})
    assert (answer.status_code, answer.json()["pattern"]) == (201, "late/drift")
    assert web.post("/api/v1/alerts/silences", json={"pattern": "*", "why": "x"}).status_code in (400, 422)


def test_deliveries(web: TestClient, space: Workspace) -> None:
    space.delivery.run_due()
    (sent,) = web.get("/api/v1/alerts/deliveries").json()
    assert (sent["channel"], sent["state"], sent["type"]) == ("log", "sent", "io.treadle.alert.opened")
    assert web.get("/api/v1/alerts/deliveries", params={"state": "dead"}).json() == []


@pytest.mark.parametrize(("role", "allowed"), [("viewer", False), ("editor", True)])
def test_taking_an_alert_takes_an_editor(tmp_path: Path, space: Workspace, role: str, allowed: bool) -> None:
    (tmp_path / "treadle.toml").write_text('[project]\nname = "flights"\n[server]\nauth = "token"\n')
    opened = Workspace.open(tmp_path)
    token = opened.access.issue_token("flights", "eve", role)
    with TestClient(create_app(opened), base_url="http://127.0.0.1:7717") as web:
        client = Client("http://127.0.0.1:7717", token, transport=web._transport)
        alert: Any = client.alerts.list()[0]
        if allowed:
            assert client.alerts.acknowledge(alert.id).acknowledged_by == "eve"
        else:
            with pytest.raises(Forbidden):
                client.alerts.acknowledge(alert.id)


def test_open_alerts_are_gauges(web: TestClient, space: Workspace) -> None:
    space.delivery.run_due()
    lines = web.get("/metrics").text.splitlines()
    assert 'treadle_alerts{severity="critical",state="open"} 1.0' in lines
    assert 'treadle_alerts{severity="info",state="open"} 0.0' in lines
    assert 'treadle_alert_deliveries{channel="log",state="dead"} 0.0' in lines


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"pattern": "*", "span": "9999999d", "why": "for ever"}, "until"),
        ({"pattern": "*", "span": "2h", "why": "w" * 2_001}, "why"),
    ],
)
def test_a_silence_without_end_or_measure_is_refused(
    web: TestClient, space: Workspace, body: dict[str, Any], field: str
) -> None:
    answer = web.post("/api/v1/alerts/silences", json=body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert web.post("/alerts/silences", data=body, headers={"accept": "text/html"}).status_code == 422
    assert space.alerts.silences(active=False) == ()
