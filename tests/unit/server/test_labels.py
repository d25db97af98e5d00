"""Labels and signals over HTTP."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

from treadle.server import create_app

PATH = "/api/v1/endpoints/late-parcel"


def ask(server: Any, ids: list[str]) -> None:
    rows = {"id": ids, "at": [server.workspace.clock.now() - timedelta(hours=1)] * len(ids), "score": [0.7] * len(ids)}
    server.workspace.observations.adopt("late-parcel", rows, id="id", time="at", score="score", classes=[False, True])


def entry(identifier: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"prediction_id": identifier, "value": value, **more}


def test_labels_join_what_was_answered(empty: Any) -> None:
    ask(empty, ["http-1", "http-2"])
    body = {"labels": [entry("http-1", True), entry("http-2", False), entry("http-9", True)], "source": "depot"}
    answer = empty.client.post(f"{PATH}/labels", json=body)
    assert answer.json() == {"accepted": 3, "duplicates": 0, "corrections": 0, "unknown": 1}
    again = empty.client.post(f"{PATH}/labels", json=body).json()
    assert (again["accepted"], again["duplicates"]) == (0, 3)
    found = empty.json("/predictions/http-1")
    assert (found["label"], found["outcome"], found["labels"][0]["source"]) == ("True", 1.0, "depot")
    assert [event["value"] for event in empty.json("/endpoints/late-parcel/labels/http-2")] == [False]


def test_json_lines_and_signals(empty: Any) -> None:
    ask(empty, ["line-1", "line-2"])
    lines = "\n".join(json.dumps(entry(f"line-{n}", n == 1)) for n in (1, 2))
    kind = {"Content-Type": "application/x-ndjson"}
    assert empty.client.post(f"{PATH}/labels?source=file", content=lines, headers=kind).json()["accepted"] == 2
    signals = {"signal": "complained", "signals": [entry("line-1", 1), entry("line-2", 0)]}
    assert empty.client.post(f"{PATH}/signals", json=signals).json()["accepted"] == 2
    assert [event["name"] for event in empty.json("/predictions/line-1")["signals"]] == ["complained"]
    assert empty.json("/endpoints/late-parcel/labels")["labelled"] >= 2


def test_what_is_wrong_is_named_and_nothing_is_kept(empty: Any) -> None:
    ask(empty, ["bad-1"])
    wrong = [entry("bad-1", True), entry("bad-1", "perhaps")]
    answer = empty.client.post(f"{PATH}/labels", json={"labels": wrong})
    assert (answer.status_code, answer.json()["field"]) == (422, "labels[1].value")
    assert empty.json("/predictions/bad-1")["label"] is None
    for body in (b"{", b"\xff\xfe", b'{"labels": [{"prediction_id": 7, "value": true}]}', b"[" * 100_000):
        assert empty.client.post(f"{PATH}/labels", content=body).status_code == 422
    assert empty.client.post(f"{PATH}/signals", json={"signal": "a b", "signals": []}).status_code == 422


def test_an_endpoint_nobody_knows_is_offered_the_nearest(empty: Any) -> None:
    ask(empty, ["one"])
    answer = empty.client.post("/api/v1/endpoints/late-parsel/labels", json={"labels": []})
    assert answer.status_code == 404
    assert "late-parcel" in answer.json()["mend"]


def test_a_misspelt_name_is_refused_and_not_taken_for_nothing(empty: Any) -> None:
    ask(empty, ["typo-1"])
    said = entry("typo-1", True)
    for kind, body, field in (
        ("labels", {"label": [said]}, "body"),
        ("labels", {}, "labels"),
        ("labels", {"signals": [said]}, "labels"),
        ("labels", {"labels": [said], "signals": [said]}, "labels"),
        ("signals", {"signal": "paid", "labels": [said]}, "signals"),
        ("labels", {"labels": [{**said, "when": "2020-02-01T00:00:00Z"}]}, "labels[0]"),
    ):
        answer = empty.client.post(f"{PATH}/{kind}", json=body)
        assert (answer.status_code, answer.json()["field"]) == (422, field), body
    assert empty.json("/predictions/typo-1")["labels"] == []


def test_a_moment_that_no_calendar_holds_is_named(empty: Any) -> None:
    ask(empty, ["when-1"])
    for moment in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"):
        answer = empty.client.post(f"{PATH}/labels", json={"labels": [entry("when-1", True, at=moment)]})
        assert (answer.status_code, answer.json()["field"]) == (422, "labels[0].at")


def test_a_bad_line_is_named_and_the_others_are_not_kept(empty: Any) -> None:
    ask(empty, ["row-1"])
    lines = "\n".join((json.dumps(entry("row-1", True)), "", '{"prediction_id": 7, "value": true}'))
    answer = empty.client.post(f"{PATH}/labels", content=lines, headers={"Content-Type": "application/x-ndjson"})
    assert (answer.status_code, answer.json()["field"]) == (422, "line 3.prediction_id")
    assert empty.json("/predictions/row-1")["labels"] == []


def test_no_more_is_taken_at_once_than_others_can_wait_for(empty: Any) -> None:
    ask(empty, ["many-1"])
    answer = empty.client.post(f"{PATH}/labels", json={"labels": [entry("many-1", True)] * 100_001})
    assert (answer.status_code, answer.json()["field"]) == (422, "labels")
    assert empty.json("/predictions/many-1")["labels"] == []


def test_half_of_a_body_whose_sender_left_is_not_kept(empty: Any) -> None:
    ask(empty, ["cut-1"])
    half = {"type": "http.request", "body": json.dumps(entry("cut-1", True)).encode() + b"\n", "more_body": True}
    messages = iter([half, {"type": "http.disconnect"}])
    sent: list[Any] = []

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/x-ndjson")]
    scope = {"type": "http", "method": "POST", "path": f"{PATH}/labels", "query_string": b"", "headers": headers}
    asyncio.run(create_app(empty.workspace, host="127.0.0.1")(scope, receive, send))
    assert sent[0]["status"] == 409
    assert empty.json("/predictions/cut-1")["labels"] == []
