"""A process that is given orders: it begins to import at once, is watched by what it says, and is ended as a whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from treadle.clock import Clock
from treadle.errors import Unavailable
from treadle.operations.parent import VARIABLE
from treadle.operations.supervisor import python

R = TypeVar("R", bound=msgspec.Struct)
AGAIN = "--again"
"""The argument that asks such a process to take one order after the other."""
COPIES = sys.platform == "linux"
"""Whether it can: elsewhere libraries do not bear that a process is copied."""
_LOOK_SECONDS = 0.01


class Said(msgspec.Struct, Generic[R], frozen=True, kw_only=True, omit_defaults=True):
    """One line of such a process: it waits for its order (and then for another: `again`), is at a step, or has finished."""

    ready: bool = False
    again: bool = False
    step: str = ""
    report: R | None = None


class OrderedProcess(Generic[R]):
    """Begins to import at once and waits for its order; ends when this process does, however that ended.

    `module` is what it runs, `name` what people call it, `report` what it says at the end of an order. `modules` are imported
    ahead (or are whatever else the module is told). With `again` it takes another order after one, where the system can
    (`takes_another`). What user code prints goes to stderr, or to the end of the file `log`.
    """

    def __init__(
        self,
        clock: Clock,
        module: str,
        name: str,
        report: type[R],
        *,
        modules: Sequence[str] = (),
        again: bool = False,
        log: Path | None = None,
    ) -> None:
        self._clock = clock
        self._line: type[Said[R]] = Said[report]
        self._name = name
        self._ordered_at = 0.0
        self._ended = False
        self._heard = threading.Event()  # a report, or that there will be none
        self._again = False
        self._orders = self._readies = 0
        self.step = ""
        self.report: R | None = None
        self.heard_at = clock.monotonic()
        try:
            with log.open("ab") if log is not None else nullcontext() as errors:
                self._process = subprocess.Popen(
                    python("-m", "treadle.operations.supervised", module, *([AGAIN] if again else []), *modules),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    env={**os.environ, VARIABLE: str(os.getpid())},
                    start_new_session=os.name == "posix",
                )
        except OSError as error:
            raise Unavailable(f"{name} cannot be started: {error.strerror}.", mend="Check the machine.") from error
        self._listening = threading.Thread(target=self._listen, name=name, daemon=True)
        self._listening.start()

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    @property
    def seconds(self) -> float:
        """How long ago it got its order."""
        return self._clock.monotonic() - self._ordered_at

    @property
    def silence(self) -> float:
        """For how long it has said nothing."""
        return self._clock.monotonic() - self.heard_at

    @property
    def where(self) -> str:
        """At which step it is, for a sentence; nothing where that is not known."""
        return f" in the step {self.step!r}" if self.step else ""

    @property
    def takes_another(self) -> bool:
        """Whether it has carried out its order and is to take one more."""
        return self._again and self.report is not None and self.alive

    def waits(self, seconds: float) -> bool:
        """Whether it lives and is done with every order it had; one that is about to be is waited for so many seconds."""
        until = time.monotonic() + seconds
        while self._orders and self._readies <= self._orders and self.alive and time.monotonic() < until:
            time.sleep(_LOOK_SECONDS)
        return self.alive and (not self._orders or self._readies > self._orders)

    def give(self, order: msgspec.Struct) -> None:
        """Tell it what to do. Raises `Unavailable` when it died before."""
        assert self._process.stdin is not None
        self.step, self.report = "", None
        self._heard.clear()
        self._orders += 1
        self._ordered_at = self.heard_at = self._clock.monotonic()
        try:
            self._process.stdin.write(msgspec.json.encode(order) + b"\n")
            self._process.stdin.flush()
        except (OSError, ValueError) as error:  # a broken pipe, or one that was closed
            raise Unavailable(f"{self._name} ended before its order ({self.how()}).") from error

    def over(self) -> bool:
        """Whether it has said how it ended, or died without a word."""
        if self.report is None and self.alive:
            return False
        if self.report is None:
            self._listening.join(5.0)  # its last line may still lie in the pipe
        return True

    def wait(self, seconds: float) -> None:
        """Until its report or its end, for at most so many seconds."""
        if self._heard.wait(seconds) and self.report is None:
            time.sleep(_LOOK_SECONDS)  # it says nothing more, and is about to be gone

    def overdue(self, deadline: float, silence: float) -> str:
        """Why it is to be ended, if it takes longer or says nothing for longer than so many seconds."""
        at = f",{self.where}" if self.step else ""
        if self.seconds > deadline:
            return f"It took longer than {deadline:g} s{at}."
        if self.silence > silence:
            return f"It gave no sign for {silence:g} s{at}."
        return ""

    def close(self, seconds: float = 10.0) -> None:
        """Let it end by itself, as it does when no order can come any more; kill it when that takes longer."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.end()
        self._let_go()

    def end(self) -> None:
        """Kill it with everything it started, and wait until it is gone."""
        if self._ended:  # its number may be somebody else's by now
            return
        with suppress(OSError):
            if os.name == "posix":
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()
        self._process.wait()
        self._let_go()

    def how(self) -> str:
        """How it ended, in words."""
        code = self._process.poll()
        if code is None:
            return "not yet"
        if code >= 0:
            return f"with exit code {code}"
        try:
            return f"by {signal.Signals(-code).name}"
        except ValueError:
            return f"by signal {-code}"

    def _let_go(self) -> None:
        self._ended = True
        self._listening.join(5.0)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        try:
            for line in self._process.stdout:
                try:
                    said = msgspec.json.decode(line, type=self._line)
                except msgspec.MsgspecError:  # half a line of a process that was killed
                    continue
                self._take(said)
        except ValueError:  # the pipe was closed while it was read
            pass
        self._heard.set()

    def _take(self, said: Said[R]) -> None:
        self.heard_at = self._clock.monotonic()
        self._again = said.again or self._again
        self._readies += said.ready
        self.step = said.step or self.step
        if said.report is not None:
            self.report = said.report
            self._heard.set()
