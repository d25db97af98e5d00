"""Who holds a lease: a name that says the machine and the process, so that a neighbour can see that it is gone."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path


def holder_name() -> str:
    """A name for this process: machine, process number, and something no other process has."""
    return f"{machine()}/{os.getpid()}/{secrets.token_hex(4)}"


def machine() -> str:
    """This machine since it was booted, and this container on it: process numbers mean something only there."""
    return f"{socket.gethostname()}.{_read('/proc/sys/kernel/random/boot_id')[:8]}.{_namespace()}"


def is_gone(holder: str) -> bool:
    """Whether the process of this name is certainly gone; False whenever that cannot be seen from here.

    >>> is_gone(holder_name()), is_gone("elsewhere/1/00"), is_gone(f"{machine()}/{2**22 + 1}/00")
    (False, False, True)
    """
    where, _, rest = holder.rpartition("/")[0].rpartition("/")
    if os.name == "nt" or where != machine() or not rest.isdigit():
        return False
    try:
        os.kill(int(rest), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        return False
    return False


def _namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid").rpartition("[")[2].rstrip("]")
    except OSError:  # no /proc here: one namespace is all there is
        return "0"


def _read(path: str) -> str:
    try:
        return Path(path).read_text("ascii").strip()
    except OSError:
        return ""
