"""Which processes a supervisor started, written down so that what it leaves behind can be found."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from treadle.errors import Unavailable


class _Written(msgspec.Struct):
    supervisor: int
    processes: dict[str, int]


class Processes:
    """The file `processes.json` in a project's state folder, while a supervisor runs."""

    def __init__(self, state: Path) -> None:
        self._path = state / "processes.json"

    def write(self, processes: Mapping[str, int]) -> None:
        """Note what runs now. Raises `Unavailable`."""
        half = self._path.with_name(".processes.json.half")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            half.write_bytes(msgspec.json.encode(_Written(os.getpid(), dict(processes))))
            half.replace(self._path)
        except OSError as error:
            raise Unavailable(f"{self._path} cannot be written: {error.strerror}.", mend="Check the disk.") from error

    def forget(self) -> None:
        """Nothing runs any more."""
        self._path.unlink(missing_ok=True)

    def read(self) -> tuple[int, dict[str, int]]:
        """The supervisor's number (0: none) and what it started."""
        try:
            written = msgspec.json.decode(self._path.read_bytes(), type=_Written)
        except (OSError, msgspec.MsgspecError):
            return 0, {}
        return written.supervisor, written.processes


def leftovers(state: Path) -> list[int]:
    """The numbers of processes that a supervisor of this project started and left behind when it was killed."""
    supervisor, processes = Processes(state).read()
    if not supervisor or _is_treadle(supervisor):
        return []
    return sorted(pid for pid in processes.values() if _is_treadle(pid))


def _is_treadle(pid: int) -> bool:
    """Whether a process runs and is one of ours: its number may have passed to another program."""
    if os.name == "nt":
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False
    try:
        return b"treadle" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # no /proc here: the number is all there is
        return True
