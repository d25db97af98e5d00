"""The processes of one machine: the server, and serving workers that share a port."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from treadle.operations.ports import SHARES_PORTS, bind
from treadle.operations.supervisor import Role, python


@dataclass(frozen=True)
class Workers:
    """Serving workers, their port, and the socket that keeps the port ours: to be kept open while they run."""

    roles: tuple[Role, ...]
    port: int
    held: socket.socket


def command_role(name: str, root: Path, *arguments: str, vital: bool = True) -> Role:
    """A role that is a command of Treadle itself for the project at `root`, such as `server`."""
    command = python("-m", "treadle.operations.supervised", "treadle.cli", "-C", str(root), *arguments)
    return Role(name, command, vital=vital)


def worker_roles(
    state: Path,
    count: int,
    *,
    host: str = "127.0.0.1",
    port: int = 7718,
    durability: Literal["process", "power"] = "process",
    full_disk: Literal["refuse", "serve"] = "refuse",
) -> Workers:
    """`count` serving workers on one port.

    On Linux every worker binds the port itself (SO_REUSEPORT); elsewhere they listen on the socket they inherit. On Windows a
    socket cannot be inherited that way, so one worker binds the port. Raises `Unavailable` when the port is in use.
    """
    with bind(host, port) as alone:  # not shared, so that a port that another Treadle shares is noticed too
        port = alone.getsockname()[1]
    common = ("--state", str(state), "--durability", durability, "--full-disk", full_disk)
    named = ("--host", host, "--port", str(port))
    if os.name == "nt":
        return Workers((_worker(0, *named, *common),), port, socket.socket())
    held = bind(host, port, shared=True)
    if SHARES_PORTS:
        return Workers(tuple(_worker(number, *named, *common) for number in range(count)), port, held)
    held.listen(2048)
    handle = held.fileno()
    roles = tuple(_worker(n, "--socket", str(handle), *common, sockets=(handle,)) for n in range(count))
    return Workers(roles, port, held)


def _worker(number: int, *arguments: str, sockets: tuple[int, ...] = ()) -> Role:
    command = python("-m", "treadle.server.oip.worker", "--worker", str(number), *arguments)
    return Role(f"worker {number}", command, sockets=sockets)
