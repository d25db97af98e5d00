"""CloudEvents 1.0 off the wire: structured, binary and batched content, as the JSON format and the HTTP binding say.

Source: CloudEvents specification 1.0.2; JSON event format 1.0.2; HTTP protocol binding 1.0.2, sections 3.1 to 3.3.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import msgspec

from treadle.clock import parse_moment
from treadle.errors import InvalidInput
from treadle.retraining.event import Event

STRUCTURED, BATCHED = "application/cloudevents+json", "application/cloudevents-batch+json"
LONGEST = 512  # characters of an attribute
MOST = 1_000  # events of a batch
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MEND = "See the CloudEvents specification 1.0: specversion, id, source and type are needed."


def events_of(headers: Mapping[str, str], body: bytes) -> list[Event]:
    """The events of a message in whichever of the three modes; header names in lower case.

    Raises `InvalidInput` that names the attribute.

    >>> binary = {"ce-specversion": "1.0", "ce-id": "7", "ce-source": "/w", "ce-type": "com.example.loaded"}
    >>> events_of(binary, b"")
    [Event(source='/w', id='7', type='com.example.loaded', subject='', time=None, data=None, received_at=None, via='')]
    """
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == BATCHED:
        batch = _json(body)
        if not isinstance(batch, list):
            raise InvalidInput("A batch of events is a JSON array.", mend=_MEND, field="body")
        if len(batch) > MOST:
            raise InvalidInput(
                f"A batch holds at most {MOST} events, not {len(batch)}.", mend="Send several.", field="body"
            )
        return [_event(each, f"[{place}].") for place, each in enumerate(batch)]
    if "ce-specversion" in headers:
        return [_binary(headers, kind, body)]
    if kind in (STRUCTURED, "application/json", ""):
        return [_event(_json(body), "")]
    raise InvalidInput(
        f"{kind!r} is no content type of an event.",
        mend=f"Send {STRUCTURED}, {BATCHED}, or the attributes as ce- headers.",
        field="content-type",
    )


def _binary(headers: Mapping[str, str], kind: str, body: bytes) -> Event:
    attributes: dict[str, Any] = {
        name.removeprefix("ce-"): unquote(value) for name, value in headers.items() if name.startswith("ce-")
    }
    if body:
        if kind == "" or kind == "application/json" or kind.endswith("+json"):
            attributes["data"] = _json(body)
        elif kind.startswith("text/"):
            attributes["data"] = body.decode("utf-8", "replace")
        else:
            attributes["data_base64"] = base64.b64encode(body).decode()
    return _event(attributes, "ce-")


def _event(given: Any, where: str) -> Event:
    if not isinstance(given, dict):
        raise InvalidInput("An event is a JSON object.", mend=_MEND, field=where.rstrip(".-") or "body")
    if given.get("specversion") != "1.0":
        raise InvalidInput(
            f"The event's specversion is {given.get('specversion')!r:.40}.",
            mend='Send "1.0".',
            field=f"{where}specversion",
        )
    data = given.get("data")
    if data is None and isinstance(given.get("data_base64"), str):
        data = _decoded(given["data_base64"], str(given.get("datacontenttype", "")), where)
    return Event(
        source=_text(given, "source", where),
        id=_text(given, "id", where),
        type=_text(given, "type", where),
        subject=_text(given, "subject", where, needed=False),
        time=_moment(given.get("time"), where),
        data=data,
    )


def _text(given: Mapping[str, Any], name: str, where: str, *, needed: bool = True) -> str:
    value = given.get(name)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or not value or len(value) > LONGEST or _CONTROL.search(value):
        raise InvalidInput(
            f"The event's {name} must be a text of 1 to {LONGEST} characters on one line.",
            mend=_MEND,
            field=f"{where}{name}",
        )
    try:
        value.encode()
    except UnicodeEncodeError as error:  # half a surrogate pair, which no database holds
        raise InvalidInput(f"The event's {name} is no Unicode text.", mend=_MEND, field=f"{where}{name}") from error
    return value


def _moment(value: Any, where: str) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidInput("The event's time must be a text.", mend="Write it like 2013-04-01T06:00:00Z.", field="time")
    return parse_moment(value, field=f"{where}time")


def _decoded(text: str, kind: str, where: str) -> Any:
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise InvalidInput(
            "data_base64 is not base64.", mend="Encode it, or send data.", field=f"{where}data_base64"
        ) from error
    return _json(raw) if kind == "application/json" or kind.endswith("+json") else text


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(f"The body is not JSON: {error}.", mend="Check what sends it.", field="body") from error
