"""Attempts in child processes that can be killed, and that use a processor each."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import msgspec

import treadle.errors
from treadle.errors import StepFailed, TreadleError, Unavailable
from treadle.lineage import Ref
from treadle.pipelines.capture import LONGEST
from treadle.pipelines.executors.frames import Answer, receive, send
from treadle.pipelines.executors.port import Done
from treadle.pipelines.executors.threads import processors
from treadle.pipelines.task import Outcome, Task, keep_log, told
from treadle.pipelines.usage import Usage
from treadle.pipelines.values import Output, Saved

_START = (
    "import sys,json; sys.path[:]=json.loads(sys.argv[1]); from treadle.pipelines.executors.child import serve; serve()"
)


class Processes:
    """A pool of child processes: started when needed, used again within an execution, gone after it.

    Inputs and results travel through the artifact store; only the function and plain arguments are sent.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or processors()
        self._lock = threading.Lock()
        self._idle: list[_Child] = []
        self._busy: dict[str, _Child] = {}
        self._stopped: set[str] = set()

    def start(self, task: Task, done: Done) -> None:
        threading.Thread(target=self._performed, args=(task, done), name="treadle-child", daemon=True).start()

    def stop(self, task: Task) -> bool:
        with self._lock:
            self._stopped.add(task.id)
            child = self._busy.get(task.id)
        if child is not None:
            child.kill()
        return True

    def sample(self) -> None:
        return None  # a child measures itself

    def tail(self, task: Task, length: int) -> str | None:
        with self._lock:
            child = self._busy.get(task.id)
        return None if child is None else child.new_log(length)

    def release(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.close()

    def _performed(self, task: Task, done: Done) -> None:
        started = task.clock.monotonic()
        try:
            log = _log_file(task)
            outcome = self._answered(task, log)
            with contextlib.suppress(FileNotFoundError):
                task.log.write(_bounded(log))
                log.unlink()
            keep_log(outcome, task.log.text())
        except Exception as error:  # noqa: BLE001 - who waits for this outcome would wait for ever
            outcome = Outcome(task, "failed", raised=error, error=told(error, "")[0], where=task.step.where)
        outcome.seconds = task.clock.monotonic() - started
        done(outcome)

    def _answered(self, task: Task, log: Path) -> Outcome:
        from treadle.pipelines.executors.luggage import packed

        luggage = packed(task, str(log))
        with self._lock:
            if task.id in self._stopped:
                return Outcome(task, "died", error="it was stopped")
            child = self._idle.pop() if self._idle else _Child()
            self._busy[task.id] = child
        child.begin(log)
        answer = child.ask(luggage)
        with self._lock:
            del self._busy[task.id]
            self._stopped.discard(task.id)
            if answer is not None:
                self._idle.append(child)
        if answer is None:
            return Outcome(task, "died", error=child.ended(), retryable=True, where=task.step.where)
        return _outcome(task, answer)


class _Child:
    """One child process and the pipes to it."""

    def __init__(self) -> None:
        if not sys.executable:
            raise Unavailable("This Python does not know its own program, so it cannot start a child process.")
        paths = json.dumps([os.path.abspath(place) if place else os.getcwd() for place in sys.path])
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, paths],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=os.name != "nt",
        )
        self._log: Path | None = None
        self._seen = 0

    def begin(self, log: Path) -> None:
        self._log, self._seen = log, 0

    def ask(self, luggage: bytes) -> Answer | None:
        """Send an attempt and wait; None when the child ended instead of answering."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            send(self._process.stdin, luggage)
            data = receive(self._process.stdout)
        except (BrokenPipeError, ConnectionResetError):
            data = None
        if data is None:
            self._hang_up()
            self._process.wait()
            return None
        return msgspec.json.decode(data, type=Answer)

    def new_log(self, length: int) -> str | None:
        if self._log is None:
            return None
        try:
            size = self._log.stat().st_size
            if size == self._seen:
                return None
            with open(self._log, "rb") as file:
                file.seek(max(0, size - length))
                self._seen = size
                return file.read(length).decode("utf-8", "replace")
        except FileNotFoundError:
            return None

    def kill(self) -> None:
        """End it and whatever it started, at once."""
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()

    def ended(self) -> str:
        """How it ended, in words."""
        code = self._process.returncode
        if code is None or code >= 0:
            return f"its process ended by itself with code {code}"
        name = signal.Signals(-code).name if -code in {one.value for one in signal.Signals} else str(-code)
        hint = "; the system may have run out of memory" if name == "SIGKILL" else ""
        return f"its process was ended by {name}{hint}"

    def _hang_up(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what a child that has ended did not read any more
                    pipe.close()

    def close(self) -> None:
        """Let an idle child end."""
        self._hang_up()
        threading.Thread(target=self._process.wait, daemon=True).start()


def _outcome(task: Task, answer: Answer) -> Outcome:
    output = None
    if answer.status == "succeeded":
        output = Output(Saved(answer.format, answer.digest, answer.parts), task.store, task.step.serializer)
    return Outcome(
        task,
        "succeeded" if output is not None else "failed",
        output,
        error=f"{answer.error} {answer.mend}".strip(),
        where=answer.where,
        raised=_raised(answer),
        retryable=answer.retryable,
        usage=Usage(answer.cpu_seconds, answer.peak_memory),
        used=tuple(map(Ref.parse, answer.used)),
        produced=tuple(map(Ref.parse, answer.produced)),
    )


def _raised(answer: Answer) -> TreadleError | None:
    if answer.status == "succeeded":
        return None
    kind = getattr(treadle.errors, answer.kind, None) if answer.kind else None
    if isinstance(kind, type) and issubclass(kind, TreadleError):
        return kind(answer.error, mend=answer.mend, field=answer.field)
    return StepFailed(answer.error, where=answer.where)


def _log_file(task: Task) -> Path:
    """An empty file beside the half-written artifacts, where the next sweep finds it if nobody removes it."""
    folder = Path(task.store.root) / "half"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"log-{os.getpid()}-{id(task):x}-{task.context.attempt}"


def _bounded(log: Path) -> str:
    with open(log, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size <= LONGEST:
            return file.read().decode("utf-8", "replace")
        head = file.read(LONGEST // 4)
        file.seek(size - LONGEST * 3 // 4)
        gap = f"\n… {size - LONGEST:,} bytes left out …\n"
        return head.decode("utf-8", "replace") + gap + file.read().decode("utf-8", "replace")
