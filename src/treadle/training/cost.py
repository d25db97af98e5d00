"""What training cost: time, processor time, memory."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from treadle.clock import Clock

_EVERY = 0.02  # seconds between two looks at the memory
_STATM = Path("/proc/self/statm")


@dataclass(frozen=True)
class Cost:
    """Wall-clock and processor seconds, the most memory the process held meanwhile (bytes; 0 where it cannot be known), the rows
    of the final fit, and how many settings were tried."""

    seconds: float
    cpu_seconds: float
    peak_memory: int
    rows: int
    trials: int


class Meter:
    """Measures a block of work; read `seconds`, `cpu_seconds` and `peak_memory` after it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.seconds = 0.0
        self.cpu_seconds = 0.0
        self.peak_memory = 0

    @contextmanager
    def running(self) -> Iterator[Meter]:
        """Measure what happens inside."""
        done = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(done,), daemon=True)
        started, cpu = self._clock.monotonic(), time.process_time()
        self.peak_memory = resident_bytes()
        watcher.start()
        try:
            yield self
        finally:
            done.set()
            watcher.join()
            self.seconds = self._clock.monotonic() - started
            self.cpu_seconds = time.process_time() - cpu
            self.peak_memory = max(self.peak_memory, resident_bytes())

    def _watch(self, done: threading.Event) -> None:
        while not done.wait(_EVERY):
            self.peak_memory = max(self.peak_memory, resident_bytes())


def resident_bytes() -> int:
    """The memory this process holds now; where the system does not say, the most it ever held (0 if that is unknown too)."""
    if _STATM.exists():
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    try:
        import resource
    except ImportError:  # Windows has no such module
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
