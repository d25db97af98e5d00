"""Where the engine puts what does not fit into memory: a folder of each engine's own, because two must never share one."""

from __future__ import annotations

import itertools
import os
import re
import shutil
from pathlib import Path

from treadle.errors import Unavailable

_numbers = itertools.count(1)
_OLD_SECONDS = 6 * 3600.0  # a process of that number may live on another machine that shares the disk


def own_folder(temp: Path) -> Path:
    """A folder below `temp` that no other engine has; the engine makes it when it needs it and removes it at its end.

    What killed processes left there hours ago is removed. Raises `Unavailable` when `temp` cannot be written.
    """
    try:
        temp.mkdir(parents=True, exist_ok=True)
        mark = temp / "opened"
        mark.touch()
        now = mark.stat().st_mtime  # the time as the disk itself tells it
    except OSError as error:
        raise Unavailable(
            f"The engine's temporary folder {temp} cannot be written: {error.strerror}.",
            mend="Check its permissions and the free space.",
        ) from error
    for folder in temp.glob("spill-*"):
        found = re.fullmatch(r"spill-(\d+)-\d+", folder.name)
        if found and not _lives(int(found.group(1))) and now - _written(folder, now) > _OLD_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
    return temp / f"spill-{os.getpid()}-{next(_numbers)}"


def _written(folder: Path, now: float) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:  # another engine removed it just now
        return now


def _lives(process: int) -> bool:
    if os.name == "nt":  # there, a signal of 0 is not a question but an interrupt
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
