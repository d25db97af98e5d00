"""The token that asks for the next page: where the last one ended, and of which search."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from treadle.errors import InvalidInput

Value = str | int | float | None


@dataclass(frozen=True)
class Position:
    """The last run of a page: its values of the order's keys (None where it lacks one), and its own number."""

    values: tuple[Value, ...]
    run: int


class _Token(msgspec.Struct, array_like=True):
    search: str
    values: list[Value]
    run: int


_decoder = msgspec.msgpack.Decoder(_Token)


def search_digest(*parts: object) -> str:
    """What identifies a search, so that a token of another one is noticed."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def write_token(position: Position, search: str) -> str:
    """The token after `position`."""
    body = msgspec.msgpack.encode(_Token(search, list(position.values), position.run))
    return base64.urlsafe_b64encode(body).decode().rstrip("=")


def read_token(token: str, search: str, keys: Sequence[object]) -> Position:
    """The position in a token; raises `InvalidInput` when it is broken or belongs to another search."""
    try:
        found = _decoder.decode(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (msgspec.MsgspecError, binascii.Error, ValueError) as error:
        raise InvalidInput("The page token is broken.", mend="Start again without one.", field="page") from error
    if found.search != search or len(found.values) != len(keys):
        raise InvalidInput(
            "The page token belongs to another search.", mend="Keep filter and order, or start again.", field="page"
        )
    return Position(tuple(found.values), found.run)
