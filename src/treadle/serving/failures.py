"""Requests that a variant could not answer, kept beside the log: small frames, a bounded number of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from treadle.errors import Corrupt, Unavailable
from treadle.serving.frames import MAGIC, frame, read_frames, whole_length

MOST_BYTES = 4 << 20
"""A file this long becomes the old one, and the old one before it goes."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A request a variant could not answer: `kind` is the error's class and `field` what it blamed, never a value of the request.

    `at` is business time in microseconds; `share` as in a prediction's record (None: nothing was drawn).
    """

    at: int
    version: int
    variant: str
    kind: str
    field: str = ""
    request: str = ""
    rows: int = 1
    rollout: str = ""
    share: float | None = None
    latency_us: int = 0


class FailureLog:
    """Appends failures to the file `<worker>.failures` of a log folder; nobody else writes it. Never raises."""

    def __init__(self, folder: Path, worker: str, *, most_bytes: int = MOST_BYTES) -> None:
        self._path = folder / f"{worker}.failures"
        self._most = most_bytes
        self._whole = False

    def append(self, failure: Failure) -> None:
        """Keep one failure; on a full disk it is lost, as the answer is an error already."""
        with suppress(OSError, Corrupt, Unavailable):
            self._make_room()
            with open(self._path, "ab") as file:
                head = b"" if file.tell() else MAGIC
                file.write(head + frame(msgspec.msgpack.encode(failure)))

    def _make_room(self) -> None:
        if not self._path.exists():
            return
        if not self._whole:  # cut off what a death left half written, once
            os.truncate(self._path, whole_length(self._path))
            self._whole = True
        if self._path.stat().st_size > self._most:
            self._path.replace(self._path.with_suffix(".failures-old"))


def read_failures(folder: Path | str, *, rollout: str | None = None) -> Iterator[Failure]:
    """The failures kept in a log folder (of one rollout), worker by worker, oldest first; also while workers write."""
    folder = Path(folder)
    for path in [*sorted(folder.glob("*.failures-old")), *sorted(folder.glob("*.failures"))]:
        with suppress(Unavailable):  # it was replaced meanwhile
            for _, payload in read_frames(path):
                failure = msgspec.msgpack.decode(payload, type=Failure)
                if rollout is None or failure.rollout == rollout:
                    yield failure
