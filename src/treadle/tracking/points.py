"""The points of a metric as bytes: how they are appended, and how they are kept."""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Iterable, Sequence

import msgspec

Logged = tuple[str, int, int, float]  # name, step, time in microseconds, value
Packed = tuple[int, int, float]  # step, time, value

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
    steps, times, values = array("q"), array("q"), array("d")
    for step, time, value in points:
        steps.append(step)
        times.append(time)
        values.append(value)
    return b"".join(_little(column).tobytes() for column in (steps, times, values))


def unpack(body: bytes) -> list[Packed]:
    """The points in bytes made by `pack`."""
    third = len(body) // 3
    columns: list[Sequence[float]] = []
    for position, kind in enumerate("qqd"):
        column = array(kind)
        column.frombytes(body[position * third : (position + 1) * third])
        columns.append(_little(column))
    return list(zip(*columns, strict=True))  # type: ignore[arg-type]


def newest(points: Iterable[Packed]) -> Packed:
    """The point that counts as the metric's value: of the last step, then the last time, then the greatest number.

    >>> newest([(1, 9, 0.1), (2, 5, 0.4), (2, 5, 0.3)])
    (2, 5, 0.4)
    """
    return max(points, key=rank)


def rank(point: Packed) -> tuple[int, int, bool, float]:
    """Where a point stands in time; NaN stands before every number of the same moment."""
    step, time, value = point
    known = not math.isnan(value)
    return (step, time, known, value if known else 0.0)


def _little(column: array) -> array:
    if sys.byteorder == "big":
        column.byteswap()
    return column
