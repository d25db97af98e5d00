"""Entity keys as bytes: equal keys have equal bytes, and keys of different types never do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from treadle.clock import as_utc, micros
from treadle.errors import InvalidInput

_encode = msgspec.msgpack.Encoder().encode
_EPOCH = date(1970, 1, 1).toordinal()


def encode_key(values: Sequence[Any]) -> bytes:
    """The canonical bytes of a key whose values are integers, text or booleans (instants and dates as integers).

    >>> encode_key([7]) == encode_key(["7"]), encode_key([1]) == encode_key([True])
    (False, False)
    """
    return _encode(values)


def key_of(row: Mapping[str, Any], entity: Sequence[str], types: Sequence[str]) -> bytes | None:
    """The key of an entity row, or None when a part of it is missing.

    Raises `InvalidInput` that names the field when it is absent or of another type than the feature view's.

    >>> key_of({"origin": "JFK"}, ["origin"], ["text"]) == encode_key(["JFK"])
    True
    """
    parts = []
    for name, kind in zip(entity, types, strict=True):
        try:
            value = row[name]
        except KeyError:
            raise InvalidInput(
                f"The entity {name!r} is not given.", mend=f'Send it, for example {{"{name}": …}}.', field=name
            ) from None
        if value is None:
            return None
        if kind == "text":
            if type(value) is not str:
                value = _converted(value, kind, name)
        elif kind != "integer" or type(value) is not int:
            value = _converted(value, kind, name)
            if value is None:
                return None
        parts.append(value)
    try:
        return _encode(parts)
    except (OverflowError, UnicodeEncodeError) as error:  # beyond 64 bits, or half of a surrogate pair
        shown = ", ".join(entity)
        raise InvalidInput(f"The entity {shown!r} cannot be a key: {error}.", field=entity[0]) from error


def _converted(value: Any, kind: str, name: str) -> Any:
    """A value as its kind is kept in a key: numpy scalars become Python's, instants microseconds, dates days."""
    if hasattr(value, "item") and not isinstance(value, str | bytes):
        value = value.item()
    found: Any = None
    if kind == "text" and isinstance(value, str):
        found = str(value)
    elif kind == "boolean" and isinstance(value, bool):
        found = value
    elif kind == "integer" and not isinstance(value, bool):
        if isinstance(value, int):
            found = value
        elif isinstance(value, float):
            if value != value:
                return None
            found = int(value) if value.is_integer() else None
        if found is not None and not -(2**63) <= found < 2**63:
            found = None
    elif kind == "timestamp":
        found = _moment(value)
    elif kind == "date":
        found = _day(value)
    if found is None:
        raise InvalidInput(
            f"The entity {name!r} is {value!r}, which is no {kind}.",
            mend=f"Keys of different types never match; send a {kind}.",
            field=name,
        )
    return found


def _moment(value: Any) -> int | None:
    try:
        if isinstance(value, str):
            return micros(as_utc(datetime.fromisoformat(value)))
        return micros(value) if isinstance(value, datetime) else None
    except ValueError:
        return None


def _day(value: Any) -> int | None:
    try:
        if isinstance(value, str):
            value = date.fromisoformat(value)
    except ValueError:
        return None
    if isinstance(value, datetime):
        return as_utc(value).astimezone(UTC).date().toordinal() - _EPOCH
    return value.toordinal() - _EPOCH if isinstance(value, date) else None
