"""The child process: waits for attempts on its standard input, performs them, answers on what was its standard output.

It is started afresh (never forked), so it has no half-held locks of the parent's threads, database connections or numeric
libraries, and works alike on every system. When the parent is gone its input ends, and it ends itself with everything it started.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO

import msgspec

from treadle.artifacts import ArtifactStore
from treadle.clock import SystemClock
from treadle.errors import TreadleError
from treadle.pipelines.capture import Log
from treadle.pipelines.context import StepContext
from treadle.pipelines.executors.frames import Answer, receive, send
from treadle.pipelines.executors.luggage import Luggage, Modules, Named, taken
from treadle.pipelines.steps import Step
from treadle.pipelines.task import Outcome, Task, perform, told
from treadle.pipelines.usage import highest_memory


def serve() -> None:
    """Perform attempts until the parent closes the pipe."""
    answers = os.fdopen(os.dup(1), "wb")
    questions = os.fdopen(os.dup(0), "rb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):  # a step that reads its input, or prints between attempts, must not break the pipes
        os.dup2(nothing, number)
    waiting: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=(questions, waiting), daemon=True).start()
    while True:
        send(answers, msgspec.json.encode(_answered(waiting.get())))


def _listen(questions: BinaryIO, waiting: SimpleQueue[bytes]) -> None:
    while (data := receive(questions)) is not None:
        waiting.put(data)
    if hasattr(os, "killpg") and os.getpid() == os.getpgrp():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _answered(data: bytes) -> Answer:
    import pickle

    started, cpu = time.monotonic(), _cpu_seconds()
    _reset_height()
    try:
        files, packed = msgspec.msgpack.decode(data)
        sys.meta_path.append(Modules(files))
        luggage: Luggage = pickle.loads(packed)
        _log_into(luggage.log)
        task = _task(luggage)
    except Exception as error:  # noqa: BLE001 - loading imports the project's modules, which may raise anything
        if isinstance(error, TreadleError):
            return Answer("failed", error=error.message, kind=type(error).__name__, mend=error.mend, where=error.where)
        return Answer("failed", error=f"a child process could not load it: {told(error, '')[0]}")
    outcome = perform(task)
    sys.stdout.flush()
    sys.stderr.flush()
    return _answer(outcome, time.monotonic() - started, _cpu_seconds() - cpu)


def _task(luggage: Luggage) -> Task:
    for name, kind in luggage.classes.items():
        setattr(sys.modules["__main__"], name, kind)
    store = ArtifactStore(luggage.root, durability=luggage.durability)
    function = luggage.function.found() if isinstance(luggage.function, Named) else luggage.function
    step: Step = Step(function, name=luggage.step, serializer=luggage.serializer, retry_on=luggage.retry_on)
    log = Log()
    log.write = _print  # type: ignore[method-assign]
    arguments = {name: taken(given, store) for name, given in luggage.arguments.items()}
    context = StepContext(luggage.execution, luggage.step, luggage.attempt)
    return Task(context, step, arguments, store, SystemClock(), log)


def _answer(outcome: Outcome, seconds: float, cpu_seconds: float) -> Answer:
    error = outcome.raised if isinstance(outcome.raised, TreadleError) else None
    saved = outcome.output.saved if outcome.output is not None else None
    return Answer(
        outcome.status,
        format=saved.format if saved else "",
        digest=saved.digest if saved else "",
        parts=saved.parts if saved else (),
        error=error.message if error else outcome.error,
        kind=type(error).__name__ if error else "",
        mend=error.mend if error else "",
        field=error.field if error else "",
        where=outcome.where,
        retryable=outcome.retryable,
        seconds=seconds,
        cpu_seconds=cpu_seconds,
        peak_memory=_height(),
        used=tuple(map(str, outcome.used)),
        produced=tuple(map(str, outcome.produced)),
    )


def _print(text: str) -> None:
    sys.stderr.write(text)


def _log_into(path: str) -> None:
    """Send what this process and its libraries write, also from C, to the log file."""
    sys.stdout.flush()
    sys.stderr.flush()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.close(handle)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="replace")  # type: ignore[union-attr]


def _cpu_seconds() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _reset_height() -> None:
    """Start the memory high-water mark anew where the system lets us; it is this child's own."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:  # elsewhere a child that performs several attempts keeps its highest mark
        return


def _height() -> int | None:
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        return highest_memory()
    return highest_memory()
