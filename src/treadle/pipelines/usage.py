"""What a step costs: processor seconds and memory, as well as they can be told apart."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

_STATM = "/proc/self/statm"
_PAGE = resource.getpagesize() if resource else 4096


def resident_memory() -> int | None:
    """Bytes of this process in memory now; None where the system does not say."""
    try:
        with open(_STATM, "rb") as file:
            return int(file.read().split()[1]) * _PAGE
    except OSError:
        return None


def highest_memory() -> int | None:
    """The most bytes this process ever had in memory; None where the system does not say."""
    if resource is None:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


@dataclass(frozen=True)
class Usage:
    """Processor seconds and bytes of memory."""

    cpu_seconds: float
    peak_memory: int | None


class Meter:
    """Measures the steps that run as threads of one process.

    A step that ran alone is charged with every thread of the process (a library may use several); steps that ran side by side are
    charged with their own thread only. Memory is that of the process: the new height if the step drove it there, else the most
    that was seen while it ran.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[int] = set()
        self._crowded: set[int] = set()
        self._seen: dict[int, int] = {}
        self._next = 0

    def begin(self) -> Mark:
        """Start measuring in this thread."""
        with self._lock:
            number = self._next
            self._next += 1
            if self._running:
                self._crowded |= self._running | {number}
            self._running.add(number)
        self._seen[number] = resident_memory() or 0
        return Mark(number, time.thread_time(), time.process_time(), highest_memory())

    def sample(self) -> None:
        """Look at the memory once for every running step; called now and then."""
        if self._running:
            now = resident_memory() or 0
            for number in tuple(self._running):
                self._seen[number] = max(self._seen.get(number, 0), now)

    def end(self, mark: Mark) -> Usage:
        """What was used since `begin`, in the thread that began."""
        thread, process, highest = time.thread_time(), time.process_time(), highest_memory()
        with self._lock:
            self._running.discard(mark.number)
            alone = mark.number not in self._crowded
            self._crowded.discard(mark.number)
        peak = max(self._seen.pop(mark.number, 0), resident_memory() or 0)
        if highest is not None and mark.highest is not None and highest > mark.highest:
            peak = max(peak, highest)
        return Usage(process - mark.process if alone else thread - mark.thread, peak or highest)


@dataclass(frozen=True)
class Mark:
    """Where a measurement began."""

    number: int
    thread: float
    process: float
    highest: int | None
