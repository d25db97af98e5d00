"""Keeps processes running: starts them, starts again what dies, and ends them all politely."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from treadle.clock import Clock, SystemClock
from treadle.errors import Unavailable
from treadle.operations.parent import VARIABLE
from treadle.operations.restarts import Restarts

_log = logging.getLogger("treadle.operations")
_LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Role:
    """One process to keep running: what it is called, its command, and what its environment has beside ours.

    `sockets` are numbers of open sockets it inherits. One that is not `vital` is tried again for ever, and the others go on.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    sockets: tuple[int, ...] = ()
    vital: bool = True


class Supervisor:
    """Runs `roles` until it is told to stop, or SIGTERM or Ctrl-C tells it.

    What dies is started again, at once the first time and slower the more often it dies; a role that never lives long enough to
    count as started makes everything stop (`Unavailable`). At the end each gets SIGTERM and `grace` seconds. `started` hears the
    process numbers whenever they change; `on_ready` is called once, as soon as `is_ready` says so.
    """

    def __init__(
        self,
        roles: Sequence[Role],
        *,
        clock: Clock | None = None,
        grace: float = 15.0,
        on_event: Callable[[str, str], None] | None = None,
        started: Callable[[Mapping[str, int]], None] | None = None,
        is_ready: Callable[[], bool] | None = None,
        on_ready: Callable[[], None] | None = None,
    ) -> None:
        self._roles = tuple(roles)
        self._clock = clock or SystemClock()
        self._grace = grace
        self._started = started
        self._is_ready, self._on_ready = is_ready, on_ready
        self._told = on_event or (lambda role, event: _log.info("%s %s", role, event))
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._restarts = {role.name: Restarts() for role in self._roles}
        self._stop = threading.Event()

    @property
    def processes(self) -> dict[str, int]:
        """The process number of each role that runs now."""
        return {name: process.pid for name, process in self._running.items()}

    def stop(self) -> None:
        """End everything; `run` returns when all have ended. Safe from signal handlers and other threads."""
        self._stop.set()

    def run(self) -> None:
        """Start every role and stay until stopped. Raises `Unavailable` naming the role that cannot be kept running."""
        before = _on_signals(self.stop)
        try:
            for role in self._roles:
                self._start(role)
            while not self._stop.is_set():
                for role in self._roles:
                    self._look_after(role)
                if self._on_ready is not None and (self._is_ready is None or self._is_ready()):
                    self._on_ready()
                    self._on_ready = None
                self._stop.wait(_LOOK_SECONDS)
        finally:
            self._end_all()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _look_after(self, role: Role) -> None:
        process = self._running.get(role.name)
        now = self._clock.monotonic()
        restarts = self._restarts[role.name]
        if process is not None and process.poll() is not None:
            del self._running[role.name]
            self._told(role.name, f"ended ({_how(process.returncode)})")
            if restarts.died(now) and role.vital:
                raise Unavailable(
                    f"The {role.name} ended {restarts.deaths} times in a row, soon after its start ({_how(process.returncode)}).",
                    mend="Its last words are above.",
                )
        if role.name not in self._running and restarts.due(now):
            self._start(role)

    def _start(self, role: Role) -> None:
        environment = {**os.environ, **role.environment, VARIABLE: str(os.getpid())}
        try:
            process = subprocess.Popen(
                role.command,
                env=environment,
                pass_fds=role.sockets if os.name == "posix" else (),
                start_new_session=os.name == "posix",  # Ctrl-C comes to us alone; we tell the others
            )
        except OSError as error:
            raise Unavailable(
                f"The {role.name} cannot be started: {error.strerror}.", mend="Check the installation."
            ) from error
        self._running[role.name] = process
        self._restarts[role.name].started(self._clock.monotonic())
        self._told(role.name, f"started (process {process.pid})")
        if self._started is not None:
            self._started(self.processes)

    def _end_all(self) -> None:
        for process in self._running.values():
            process.terminate()
        until = self._clock.monotonic() + self._grace
        for name, process in self._running.items():
            try:
                process.wait(max(0.0, until - self._clock.monotonic()))
            except subprocess.TimeoutExpired:
                self._told(name, "did not end in time and was killed")
                process.kill()
                process.wait()
        self._running.clear()


def python(*arguments: str) -> tuple[str, ...]:
    """The command that runs this Python with arguments."""
    return (sys.executable, *arguments)


def _on_signals(stop: Callable[[], None]) -> dict[int, Any]:
    """Stop on SIGTERM and Ctrl-C, where signals can be caught (the main thread); what handled them before."""
    if threading.current_thread() is not threading.main_thread():
        return {}

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop()

    return {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
