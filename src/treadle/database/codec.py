"""JSON columns: text in both dialects, canonical so that equal values have equal bytes."""

from __future__ import annotations

from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder()


def to_json(value: Any) -> str:
    """Canonical JSON text of plain values, dataclasses and datetimes; keys sorted.

    >>> to_json({"b": 1, "a": (2, 3)})
    '{"a":[2,3],"b":1}'
    """
    return _encoder.encode(value).decode()


def from_json(text: str | bytes | None) -> Any:
    """Plain values from JSON text; None from None."""
    return None if text is None else _decoder.decode(text)
