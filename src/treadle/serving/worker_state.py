"""What each serving process says about itself, in a file of its own: alive, which revisions it serves, what it counted."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import msgspec

from treadle.serving.files import write_whole
from treadle.serving.measures import Snapshot


class WorkerState(msgspec.Struct, frozen=True, kw_only=True):
    """One serving process: `revisions` it serves by endpoint, `failures` to load a newer one by endpoint, its counters."""

    worker: str
    pid: int
    address: str = ""
    revisions: dict[str, int] = {}
    failures: dict[str, str] = {}
    measures: Snapshot = Snapshot()


def write_worker(state: Path, worker: WorkerState) -> None:
    """Publish the state of one process. Raises `Unavailable`."""
    write_whole(state / "workers" / f"{worker.worker}.json", msgspec.json.encode(worker), sync=False)


def read_workers(state: Path) -> list[WorkerState]:
    """The processes that are alive, by name; what a dead one left is skipped."""
    found: list[WorkerState] = []
    for path in sorted((state / "workers").glob("*.json")):
        if path.name.startswith("."):
            continue
        with suppress(OSError, msgspec.MsgspecError):  # it went away, or is of another release
            worker = msgspec.json.decode(path.read_bytes(), type=WorkerState)
            if alive(worker.pid):
                found.append(worker)
    return found


def forget_worker(state: Path, worker: str) -> None:
    """Take back what a process published; it ends."""
    (state / "workers" / f"{worker}.json").unlink(missing_ok=True)


def alive(pid: int) -> bool:
    """Whether a process with this number runs."""
    if os.name == "nt":  # os.kill would end it there
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
