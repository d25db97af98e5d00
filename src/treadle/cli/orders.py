"""How a process that a controller ordered takes its orders: one and no more, or each in a copy of itself."""

from __future__ import annotations

import gc
import importlib
import logging
import os
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from treadle.cli.voice import Voice
from treadle.operations import AGAIN, COPIES, Said, end_with_supervisor

Task = Callable[[bytes, Voice], None]
# What may be imported once for all copies: if importing it starts threads at all (BLAS, jemalloc), they are made for being forked.
_OURS = ("treadle", "croniter", "narwhals", "tqdm")
_DATA = ("deltalake", "duckdb", "numpy", "pandas", "pyarrow", "scipy")
_MODELS = ("fairlearn", "lightgbm", "onnx", "onnxmltools", "onnxruntime", "optuna", "skl2onnx", "sklearn", "xgboost")
_HARMLESS = frozenset((*_OURS, *_DATA, *_MODELS))
_DONE = "done"
_log = logging.getLogger("treadle.controller")
_PASSES = 10  # over the processes an order left behind: one that is about to end may start another


def take_orders(voice: Voice, carry_out: Task, *, ahead: Sequence[str], arguments: Sequence[str]) -> None:
    """Import what is wanted ahead, then wait for an order on stdin and carry it out.

    `arguments` are more modules to import. With `AGAIN` among them each order is carried out in a copy of this process, where the
    system can make one: the next finds imported what the ones before needed, and nothing else that they left in memory.
    """
    again = AGAIN in arguments and COPIES
    named = [each for each in arguments if each != AGAIN]
    _import([*ahead, *(filter(_harmless, named) if again else named)])
    voice.say(Said(ready=True, again=again))
    while line := sys.stdin.buffer.readline():
        if not again:
            carry_out(line, voice)
            return
        _import(_in_a_copy(lambda order=line: carry_out(order, voice)))
        voice.say(Said(ready=True, again=True))


def _harmless(module: str) -> bool:
    return module.partition(".")[0] in _HARMLESS


def _import(names: Iterable[str]) -> None:
    for name in names:
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - not installed, or not to be imported alone: whoever needs it will say so
            _log.debug("%s is not imported ahead: %s", name, error)


def _in_a_copy(task: Callable[[], None]) -> list[str]:
    """Fork, do it there, and wait: which modules it imported. However the copy dies, this process dies the same way."""
    maker = os.getpid()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as note:
        gc.freeze()  # the copy's collector must not touch, and so copy, every page
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", DeprecationWarning
            )  # of threads: see _HARMLESS; ours only watches the supervisor
            copy = os.fork()
        if not copy:
            _as_copy(task, maker, note)
        _, status = os.waitpid(copy, 0)
        gc.unfreeze()
        _end_leftovers()
        if os.WIFSIGNALED(status):
            os.kill(os.getpid(), os.WTERMSIG(status))
        note.seek(0)
        done, *imported = note.read().split() or [""]
        if done != _DONE:  # something ended it before its end, be it politely
            sys.exit(os.waitstatus_to_exitcode(status))
        return imported


def _as_copy(task: Callable[[], None], maker: int, note: IO[str]) -> None:
    code = 1
    try:
        _begin_anew(maker)
        before = frozenset(sys.modules)
        task()
        fresh = [name for name in list(sys.modules) if name not in before and _harmless(name)]
        note.write("\n".join([_DONE, *fresh]))
        note.flush()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - its process ends here: what it was is to be read
        traceback.print_exc()
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _begin_anew(maker: int) -> None:
    """Be a process of one's own: orders are not for it, chance is its own, and it ends with its maker."""
    end_with_supervisor(supervisor=maker)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:  # Python's own generator begins anew by itself
        numpy_random.seed()


def _end_leftovers() -> None:
    """Kill what an order started and left behind, as far as it stayed in this process's group."""
    mine = os.getpid()
    if os.getpgrp() != mine:  # started by hand: the group is somebody else's
        return
    for _ in range(_PASSES):
        left = [pid for pid in _processes() if pid != mine and _group(pid) == mine]
        for pid in left:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if not left:
            return


def _processes() -> list[int]:
    with suppress(OSError):
        return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return []


def _group(pid: int) -> int:
    with suppress(OSError):
        return os.getpgid(pid)
    return 0
