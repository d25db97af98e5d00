"""The points of a metric as bytes: how they are appended, and how they are kept."""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Sequence
from operator import itemgetter

import msgspec

Logged = tuple[str, int, int, float]  # name, step, time in microseconds, value
Packed = tuple[int, int, float]  # step, time, value

_moment = itemgetter(0, 1)
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[tuple[str, int, int, float]])


def encode(points: Sequence[Logged]) -> bytes:
    """What one call logged, as bytes; NaN and infinities stay what they are."""
    return _encoder.encode(points)


def decode(body: bytes) -> list[Logged]:
    """The points in bytes made by `encode`."""
    return _decoder.decode(body)


def pack(points: Sequence[Packed]) -> bytes:
    """The points of one series as three little-endian arrays: 64-bit steps, 64-bit times, doubles.

    >>> unpack(pack([(0, 5, 0.5), (1, 6, 0.25)]))
    [(0, 5, 0.5), (1, 6, 0.25)]
    """
    columns = zip("qqd", zip(*points, strict=True), strict=True)
    return b"".join(_little(array(kind, column)).tobytes() for kind, column in columns)


def unpack(body: bytes) -> list[Packed]:
    """The points in bytes made by `pack`."""
    third = len(body) // 3
    columns: list[Sequence[float]] = []
    for position, kind in enumerate("qqd"):
        column = array(kind)
        column.frombytes(body[position * third : (position + 1) * third])
        columns.append(_little(column))
    return list(zip(*columns, strict=True))  # type: ignore[arg-type]


def newest(points: Sequence[Packed]) -> Packed:
    """The point that counts as the metric's value: of the last step, then the last time, then the greatest number.

    >>> newest([(1, 9, 0.1), (2, 5, 0.4), (2, 5, 0.3)])
    (2, 5, 0.4)
    """
    last = max(points, key=_moment)
    same = [point for point in points if point[0] == last[0] and point[1] == last[1]]
    return max(same, key=rank) if len(same) > 1 else last


def rank(point: Packed) -> tuple[int, int, bool, float]:
    """Where a point stands in time; NaN stands before every number of the same moment."""
    step, time, value = point
    known = not math.isnan(value)
    return (step, time, known, value if known else 0.0)


def _little(column: array) -> array:
    if sys.byteorder == "big":
        column.byteswap()
    return column
