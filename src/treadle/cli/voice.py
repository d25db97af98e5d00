"""What a process that a controller ordered says to it on its stdout: one JSON line each."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from treadle.operations import Said

if TYPE_CHECKING:
    from treadle.pipelines import StepEvent

_BEAT_SECONDS = 1.0


class Voice:
    """Says lines to the controller: at which step this process is, again and again, and what came of it."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._lock = threading.Lock()
        self._over = threading.Event()
        self.step = ""

    @classmethod
    def taking_stdout(cls) -> Voice:
        """A voice that has the pipe for itself: what user code prints must not stand between its lines, and goes to stderr."""
        voice = cls(os.fdopen(os.dup(1), "wb"))
        os.dup2(2, 1)
        return voice

    def say(self, said: Said) -> None:
        """One line; nobody listening any more ends this process."""
        with self._lock:
            try:
                self._out.write(msgspec.json.encode(said) + b"\n")
                self._out.flush()
            except OSError:
                os._exit(1)

    def beat(self) -> None:
        """Say from now on that this process lives."""

        def beating() -> None:
            while not self._over.wait(_BEAT_SECONDS):
                self.say(Said(step=self.step))

        threading.Thread(target=beating, name="beat", daemon=True).start()

    def at(self, step: str) -> None:
        """Say at which step it is."""
        self.step = step
        self.say(Said(step=step))

    def finish(self, report: msgspec.Struct) -> None:
        """The last word."""
        self._over.set()
        self.say(Said(report=report))

    def on_step_started(self, *, event: StepEvent) -> None:
        """A hook of the pipeline: say which step runs."""
        self.at(event.step.name)
