"""The process of a controller that looks when it is told to, on stdin, and says on stdout when it has. A replay starts it."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import msgspec

from treadle.cli.logfile import write_log
from treadle.cli.voice import Voice
from treadle.errors import TreadleError
from treadle.operations import Controller, Limits, PaceOrder, PaceReport, Said, Tick

_AGAIN_SECONDS = 0.05
_FAILED_SECONDS = 1.0
_TURN_SECONDS = 0.5


def main() -> None:
    """Look whenever a line asks for it; at the end of the lines give the lease back."""
    voice = Voice.taking_stdout()
    root, file, log = map(Path, sys.argv[1:4])
    write_log(log)
    try:
        _look(voice, root, file)
    except TreadleError as error:
        sys.exit(f"controller: {error}")


def _look(voice: Voice, root: Path, file: Path) -> None:
    from treadle.workspace import Workspace

    voice.beat()
    orders = _Orders()
    with Workspace.open(root) as opened:
        rooms: Any = opened  # a type checker does not see that a cached property is the attribute a protocol asks for
        controller = Controller(rooms, file, limits=Limits(warm=True))
        try:
            voice.say(Said(ready=True))
            for line in orders:
                voice.say(Said(report=_done(controller, msgspec.json.decode(line, type=PaceOrder), orders.over)))
        finally:
            controller.close()


class _Orders:
    """The lines of stdin. They are read beside the work, so that it hears at once that no more will come."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self._lines = SimpleQueue[bytes]()
        threading.Thread(target=self._read, name="orders", daemon=True).start()

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._lines.get, b"")

    def _read(self) -> None:
        for line in sys.stdin.buffer:
            self._lines.put(line)
        self.over.set()
        self._lines.put(b"")


def _done(controller: Controller, order: PaceOrder, over: threading.Event) -> PaceReport:
    from treadle.clock import parse_moment

    said: dict[str, str] = {}
    if not order.proofs or not controller.lease.held:
        tick = _ticked(controller, parse_moment(order.moment), order.patience, over)
        said = {**tick.failures}
    while controller.turning and not over.is_set():
        controller.wait_for_turns(_TURN_SECONDS)
    if order.proofs:
        _prove(controller, order.proofs, over)
    return PaceReport(held=controller.lease.held, failures={**said, **controller.failures})


def _prove(controller: Controller, seconds: float, over: threading.Event) -> None:
    until = time.monotonic() + seconds
    while not over.is_set() and (begun := time.monotonic()) < until:
        controller.wait_for_proofs(_TURN_SECONDS)
        if time.monotonic() - begun < _TURN_SECONDS:  # nothing is due any more
            return


def _ticked(controller: Controller, moment: Any, patience: float, over: threading.Event) -> Tick:
    """Look; again while the lease is not to be had: a controller that was killed a moment ago may still be seen to live."""
    until = time.monotonic() + patience
    while not (tick := controller.tick(moment)).held and time.monotonic() < until and not over.is_set():
        over.wait(_FAILED_SECONDS if tick.failures else _AGAIN_SECONDS)
    return tick


if __name__ == "__main__":
    main()
