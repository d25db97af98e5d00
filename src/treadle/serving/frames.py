"""The frames of a prediction-log segment: length and CRC-32, then the payload.

A segment begins with eight bytes that say what it is. `kill -9` or a power loss can leave the last frame half written; that is
a torn tail, and everything before it counts. A frame that is whole but does not match its CRC is damage, not a torn tail.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from treadle.errors import Corrupt, Unavailable

MAGIC = b"TRDLPRE1"
HEAD = struct.Struct("<II")
LARGEST = 1 << 28


def frame(payload: bytes) -> bytes:
    """One frame.

    >>> len(frame(b"abc"))
    11
    """
    return HEAD.pack(len(payload), zlib.crc32(payload)) + payload


def read_frames(path: Path, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """The payloads of a segment from the byte `start` on (0: from its beginning), each with the offset after its frame.

    Ends before a torn tail. Raises `Corrupt` for a file that is no segment and for a damaged frame, `Unavailable` when it
    cannot be read.
    """
    try:
        with open(path, "rb") as file:
            if start < len(MAGIC):
                magic = file.read(len(MAGIC))
                if magic != MAGIC:
                    if MAGIC.startswith(magic):
                        return  # it was cut off while it was begun
                    raise Corrupt(f"{path} is not a segment of a prediction log.", mend="Move it out of the folder.")
                start = len(MAGIC)
            file.seek(start)
            yield from _frames(file, start, path)
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}.", mend="Check its permissions.") from error


def _frames(file: BinaryIO, position: int, path: Path) -> Iterator[tuple[int, bytes]]:
    while len(head := file.read(HEAD.size)) == HEAD.size:
        length, crc = HEAD.unpack(head)
        if length > LARGEST:
            raise _damaged(path, position)
        payload = file.read(length)
        if length == 0 or len(payload) < length:
            return  # torn, or a hole a power loss left
        if zlib.crc32(payload) != crc:
            if not file.read(1):
                return  # the last frame: its length was written, its bytes were not
            raise _damaged(path, position)
        position += HEAD.size + length
        yield position, payload


def whole_length(path: Path) -> int:
    """How many bytes of a segment are whole frames; the rest is a torn tail. Raises `Corrupt` as `read_frames`."""
    end = len(MAGIC) if path.stat().st_size >= len(MAGIC) else 0
    for end, _ in read_frames(path):  # noqa: B007 - the last one is what counts
        pass
    return end


def _damaged(path: Path, offset: int) -> Corrupt:
    return Corrupt(
        f"The prediction log {path} is damaged at byte {offset}.",
        mend="Bring the file back from a copy; the frames before that byte can be read.",
    )
