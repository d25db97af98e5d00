"""What passes through the wall between a server and a Python model: a length, then plain data; never a pickle."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

import msgspec
import numpy as np

from treadle.errors import Corrupt

_LENGTH = struct.Struct("<I")
LARGEST = 1 << 30
_KINDS = frozenset("fiub")


def write_message(stream: BinaryIO, message: Mapping[str, Any]) -> None:
    """Write one message: its length in four bytes, then MessagePack."""
    body = msgspec.msgpack.encode(message)
    if len(body) > LARGEST:
        raise Corrupt(f"A message of {len(body):,} bytes is too large.", mend="Ask with fewer rows at a time.")
    stream.write(_LENGTH.pack(len(body)) + body)
    stream.flush()


def read_message(stream: BinaryIO) -> dict[str, Any] | None:
    """The next message, or None at the end of the stream. Raises `Corrupt` for anything that is not a message."""
    head = _exactly(stream, _LENGTH.size)
    if head is None:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > LARGEST:
        raise Corrupt("A message claims to be larger than any message may be.", mend="Package the model again.")
    body = _exactly(stream, length)
    if body is None:
        return None
    try:
        message = msgspec.msgpack.decode(body)
    except msgspec.MsgspecError as error:
        raise Corrupt(f"A message cannot be read: {error}.", mend="Package the model again.") from error
    if not isinstance(message, dict):
        raise Corrupt("A message is not a table of names and values.", mend="Package the model again.")
    return message


def pack_array(array: np.ndarray) -> list[Any]:
    """An array as plain data: numbers as type, shape and bytes; text as a list.

    >>> unpack_array(pack_array(np.array([1.0, 2.0])))
    array([1., 2.])
    """
    if array.dtype.kind in _KINDS:
        return [array.dtype.str, list(array.shape), np.ascontiguousarray(array).tobytes()]
    return ["text", list(array.shape), array.ravel().tolist()]


def unpack_array(packed: Any) -> np.ndarray:
    """The array in plain data. Raises `Corrupt` when it is none."""
    try:
        kind, shape, data = packed
        if kind == "text":
            return np.array(data, dtype=object).reshape(shape)
        if np.dtype(kind).kind not in _KINDS:
            raise ValueError(kind)
        return np.frombuffer(data, dtype=kind).reshape(shape)
    except (TypeError, ValueError) as error:
        raise Corrupt(f"An array cannot be read: {error}.", mend="Package the model again.") from error


def _exactly(stream: BinaryIO, count: int) -> bytes | None:
    pieces: list[bytes] = []
    while count:
        piece = stream.read(count)
        if not piece:
            return None
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)
