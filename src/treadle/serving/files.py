"""Small files that others read while they are written: whole or not at all, one writer at a time."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from treadle.errors import Unavailable


def write_whole(path: Path, data: bytes, *, sync: bool = True) -> None:
    """Write a file so that a reader sees the old bytes or the new; with `sync` it outlives a power loss too.

    Raises `Unavailable` when the disk is full or may not be written.
    """
    half = path.with_name(f".{path.name}.{os.getpid()}.half")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(half, "wb") as file:
            file.write(data)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        half.replace(path)
    except OSError as error:
        with suppress(OSError):
            half.unlink()
        raise Unavailable(
            f"{path} cannot be written: {error.strerror}.", mend="Check the disk and its permissions."
        ) from error


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file at `path`; waits for whoever holds it. A holder that dies lets go of it."""
    handle = open_locked(path, wait=True)
    if handle is None:
        raise Unavailable(f"{path} is held by another process.", mend="Wait until it has finished.")
    try:
        yield
    finally:
        os.close(handle)


def open_locked(path: Path, *, wait: bool) -> int | None:
    """A handle that holds the lock file at `path` until it is closed; None when somebody else holds it and `wait` is off."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
    except OSError as error:
        raise Unavailable(
            f"{path} cannot be opened: {error.strerror}.", mend="Check the disk and its permissions."
        ) from error
    if _lock(handle, wait):
        return handle
    os.close(handle)
    return None


def held_name(folder: Path, name: str) -> tuple[str, int]:
    """A name nobody else holds below `folder`, and the handle that holds it: `name`, or with this process's number behind it."""
    for attempt in itertools.count():
        tried = name if attempt == 0 else f"{name}-{os.getpid()}" if attempt == 1 else f"{name}-{os.getpid()}-{attempt}"
        handle = open_locked(folder / f"{tried}.lock", wait=False)
        if handle is not None:
            return tried, handle
    raise AssertionError


if os.name == "nt":
    import msvcrt

    def _lock(handle: int, wait: bool) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True
else:
    import fcntl

    def _lock(handle: int, wait: bool) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
