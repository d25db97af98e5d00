from __future__ import annotations

import base64
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.errors import InvalidInput
from treadle.retraining import Event, events_of

GIVEN = {"specversion": "1.0", "id": "7", "source": "/w", "type": "com.example.loaded"}
JSON = {"content-type": "application/cloudevents+json; charset=utf-8"}


def structured(**more: Any) -> Event:
    (found,) = events_of(JSON, json.dumps({**GIVEN, **more}).encode())
    return found


def test_structured_content() -> None:
    found = structured(subject="late", time="2013-04-01T02:00:00+02:00", data={"rows": [1]})
    assert found == Event("/w", "7", "com.example.loaded", "late", datetime(2013, 4, 1, tzinfo=UTC), {"rows": [1]})


def test_binary_content_decodes_attributes_and_data() -> None:
    headers = {f"ce-{name}": value for name, value in GIVEN.items()} | {"ce-subject": "caf%C3%A9 %25"}
    (found,) = events_of({**headers, "content-type": "application/json"}, b'{"rows": 5}')
    assert (found.subject, found.data) == ("café %", {"rows": 5})
    (found,) = events_of({**headers, "content-type": "text/plain"}, b"five")
    assert found.data == "five"
    (found,) = events_of({**headers, "content-type": "image/png"}, b"\x89P")
    assert found.data == base64.b64encode(b"\x89P").decode()
    (found,) = events_of(headers, b"")
    assert found.data is None


def test_batched_content() -> None:
    body = json.dumps([GIVEN, {**GIVEN, "id": "8"}]).encode()
    assert [each.id for each in events_of({"content-type": "application/cloudevents-batch+json"}, body)] == ["7", "8"]
    assert events_of({"content-type": "application/cloudevents-batch+json"}, b"[]") == []


def test_data_in_base64() -> None:
    encoded = base64.b64encode(b'{"rows": 5}').decode()
    assert structured(data_base64=encoded, datacontenttype="application/json").data == {"rows": 5}
    assert structured(data_base64=encoded).data == encoded


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"specversion": None}, "specversion"),
        ({"id": ""}, "id"),
        ({"id": 7}, "id"),
        ({"source": None}, "source"),
        ({"type": "x" * 513}, "type"),
        ({"type": "a\nb"}, "type"),
        ({"id": "a\x00b"}, "id"),
        ({"id": "\ud800"}, "id"),
        ({"subject": ["late"]}, "subject"),
        ({"time": "yesterday"}, "time"),
        ({"time": 5}, "time"),
        ({"data_base64": "%%%"}, "data_base64"),
    ],
)
def test_what_is_wrong_is_named(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        structured(**wrong)
    assert caught.value.field in (field, "body")
    assert caught.value.mend or caught.value.field == "body"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (JSON, b""),
        (JSON, b"[]"),
        (JSON, b"{"),
        (JSON, b"\xff"),
        (JSON, b"[" * 100_000),
        ({"content-type": "application/xml"}, b"<a/>"),
        ({"content-type": "application/cloudevents-batch+json"}, b"{}"),
        ({"content-type": "application/cloudevents-batch+json"}, b"[1]"),
        ({"content-type": "application/cloudevents-batch+json"}, json.dumps([GIVEN] * 1_001).encode()),
        ({"ce-specversion": "1.0", "ce-id": "1"}, b""),
    ],
)
def test_what_is_no_event_is_refused(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(InvalidInput):
        events_of(headers, body)


@given(st.dictionaries(st.sampled_from(["content-type", "ce-specversion", "ce-id", "ce-time"]), st.text()), st.binary())
def test_nothing_but_a_clear_error_comes_of_noise(headers: dict[str, str], body: bytes) -> None:
    with suppress(InvalidInput):
        assert all(isinstance(each, Event) for each in events_of(headers, body))
