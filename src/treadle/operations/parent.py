"""A supervised process ends when its supervisor does, however that ended."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

VARIABLE = "TREADLE_SUPERVISOR"
"""Holds the process number of the supervisor in what it starts."""

_LOOK_SECONDS = 0.5


def end_with_supervisor(end: Callable[[], None] | None = None, *, supervisor: int | None = None) -> None:
    """Watch for the end of the supervisor that started this process (if one did) and then call `end`: by default, end politely.

    The supervisor is the process with that number, or the one that the environment names. Portable and without a race: also one
    that is gone already is noticed. On Windows a process number says nothing about who started whom, so nothing is watched there.
    """
    named = os.environ.get(VARIABLE, "")
    parent = supervisor or (int(named) if named.isdigit() else 0)
    if not parent or os.name == "nt":
        return
    ending = end or _terminate

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_SECONDS)
        ending()

    threading.Thread(target=watch, name="supervisor-watch", daemon=True).start()


def _terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
