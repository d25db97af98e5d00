"""What parent and child say to each other: a length, then that many bytes; the answer is JSON and never unpickled."""

from __future__ import annotations

import struct
from typing import IO

import msgspec

_LENGTH = struct.Struct(">Q")


class Answer(msgspec.Struct):
    """What came out of an attempt in a child."""

    status: str
    format: str = ""
    digest: str = ""
    parts: tuple[str, ...] = ()
    error: str = ""
    kind: str = ""  # the class in treadle.errors that the step raised, if it was one
    mend: str = ""
    field: str = ""
    where: str = ""
    retryable: bool = False
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory: int | None = None
    used: tuple[str, ...] = ()
    produced: tuple[str, ...] = ()


def send(stream: IO[bytes], data: bytes) -> None:
    """Write one frame."""
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes | None:
    """Read one frame; None when the other side is gone."""
    head = _read(stream, _LENGTH.size)
    return None if head is None else _read(stream, _LENGTH.unpack(head)[0])


def _read(stream: IO[bytes], length: int) -> bytes | None:
    parts: list[bytes] = []
    while length:
        part = stream.read(min(length, 1 << 20))
        if not part:
            return None
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
