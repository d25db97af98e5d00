"""`/api/v1/events`: events come in by all three modes of the HTTP binding, each once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.server.conftest import Served

EVENT = {"specversion": "1.0", "id": "1", "source": "/warehouse", "type": "com.example.loaded"}
BINARY = {f"ce-{name}": value for name, value in EVENT.items()}


def post(served: Served, body: Any, kind: str = "application/cloudevents+json") -> Any:
    return served.client.post("/api/v1/events", json=body, headers={"Content-Type": kind})


def test_an_event_is_taken_once_in_whichever_mode_it_comes(empty: Served) -> None:
    first = post(empty, EVENT)
    assert (first.status_code, first.json()) == (202, {"accepted": 1, "duplicates": 0})
    again = empty.client.post(
        "/api/v1/events", content=b'{"rows": 5}', headers=BINARY | {"Content-Type": "application/json"}
    )
    assert (again.status_code, again.json()) == (200, {"accepted": 0, "duplicates": 1})
    batch = post(empty, [EVENT, {**EVENT, "id": "2"}], "application/cloudevents-batch+json")
    assert (batch.status_code, batch.json()) == (202, {"accepted": 1, "duplicates": 1})
    assert [(each.id, each.via) for each in empty.workspace.retraining.events()] == [("1", "http"), ("2", "http")]


def test_labels_go_to_the_feedback(empty: Served) -> None:
    data = {"labels": [{"prediction_id": "p1", "value": True}]}
    answer = post(empty, {**EVENT, "type": "io.treadle.labels", "subject": "late", "data": data})
    assert (answer.status_code, answer.json()["field"]) == (404, "subject")
    assert empty.workspace.observations.endpoints() == []
    rows = {"id": ["p0"], "at": [empty.workspace.clock.now()], "score": [0.7]}
    empty.workspace.observations.adopt("late", rows, id="id", time="at", score="score", classes=[False, True])
    answer = post(empty, {**EVENT, "type": "io.treadle.labels", "subject": "late", "data": data})
    assert answer.status_code == 202
    assert [each.value for each in empty.workspace.feedback.history("late", "p1")] == [True]
    assert empty.workspace.retraining.events() == []


@pytest.mark.parametrize(
    ("body", "field"),
    [({**EVENT, "id": ""}, "id"), ([EVENT], "body"), ({**EVENT, "data": "x" * 70_000}, "data"), ("text", "body")],
)
def test_what_is_wrong_is_a_problem_that_names_it(empty: Served, body: Any, field: str) -> None:
    answer = post(empty, body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert empty.workspace.retraining.events() == []


def test_a_body_beyond_the_servers_limit_is_refused(empty: Served) -> None:
    headers = {"Content-Type": "application/cloudevents+json", "Content-Length": str(65 * 1024 * 1024)}
    assert empty.client.post("/api/v1/events", content=b"{}", headers=headers).status_code == 413
