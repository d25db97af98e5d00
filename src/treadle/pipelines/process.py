"""Which process runs an execution, and whether it is still there."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process that can be told from a later one of the same number: `machine` names the boot, `born` when it started."""

    machine: str
    number: int
    born: str

    @classmethod
    def this(cls) -> Process:
        """The process we are in."""
        number = os.getpid()
        return cls(_machine(), number, _born(number) or "")

    def gone(self) -> bool | None:
        """True when it has ended, False when it runs, None when it is on another machine and cannot be seen from here."""
        if self.machine != _machine():
            return None
        if not _runs(self.number):
            return True
        born = _born(self.number)
        return born is not None and self.born not in ("", born)


@lru_cache(maxsize=1)
def _machine() -> str:
    """This boot of this machine, and the namespace in which process numbers mean something."""
    host = os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")
    boot, space = "", ""
    if sys.platform == "linux":
        try:
            boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
            space = os.readlink("/proc/self/ns/pid")
        except OSError:  # a hardened container: the host name alone must do
            boot = ""
    return f"{host}/{boot}/{space}"


def _born(number: int) -> str | None:
    """When a process started, in the kernel's own words; None where it does not say."""
    try:
        text = Path(f"/proc/{number}/stat").read_bytes()
    except OSError:
        return None
    return text.rpartition(b")")[2].split()[19].decode()


def _runs(number: int) -> bool:
    if os.name == "nt":
        return _runs_on_windows(number)
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    # A zombie has ended; only its parent has not looked yet.
    try:
        return Path(f"/proc/{number}/stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z"
    except OSError:
        return True


def _runs_on_windows(number: int) -> bool:
    import ctypes

    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
    handle = kernel.OpenProcess(0x1000, False, number)  # PROCESS_QUERY_LIMITED_INFORMATION
    if not handle:
        return False
    code = ctypes.c_ulong()
    kernel.GetExitCodeProcess(handle, ctypes.byref(code))
    kernel.CloseHandle(handle)
    return code.value == 259  # STILL_ACTIVE
