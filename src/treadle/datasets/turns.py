"""Writers of one dataset take turns, so that none works in vain again and again; what is right does not depend on it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from treadle.clock import Clock

_WAIT_SECONDS = 30.0
_LOOK_SECONDS = 0.01


@contextmanager
def my_turn(folder: Path, clock: Clock) -> Iterator[None]:
    """Wait until no other writer is at work in `folder`, at most half a minute: it may be stopped, not working.

    The operating system ends the turn of a process that dies. Where files cannot be locked nobody waits. Two that write at once
    all the same are told apart by the table's log.
    """
    handle = _opened(folder)
    try:
        if handle is not None:
            deadline = clock.monotonic() + _WAIT_SECONDS
            while not _locked(handle) and clock.monotonic() < deadline:
                clock.sleep(_LOOK_SECONDS)
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _opened(folder: Path) -> int | None:
    if os.name == "nt":
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return os.open(folder / "turn.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError:  # what cannot be written here is reported by the writing itself
        return None


def _locked(handle: int) -> bool:
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a disk without locks
        return True
    return True
