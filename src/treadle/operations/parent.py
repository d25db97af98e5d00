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


def end_with_supervisor(end: Callable[[], None] | None = None) -> None:
    """Watch for the end of the supervisor that started this process (if one did) and then call `end`: by default, end politely.

    Portable and without a race: also a supervisor that is gone already is noticed. On Windows a process number says nothing
    about who started whom, so nothing is watched there.
    """
    supervisor = os.environ.get(VARIABLE, "")
    if not supervisor.isdigit() or os.name == "nt":
        return
    ending = end or _terminate

    def watch() -> None:
        while os.getppid() == int(supervisor):
            time.sleep(_LOOK_SECONDS)
        ending()

    threading.Thread(target=watch, name="supervisor-watch", daemon=True).start()


def _terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
