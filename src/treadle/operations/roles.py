"""The processes of one machine: the server, the controller, and serving workers that share a port."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from treadle.operations.ports import SHARES_PORTS, bind
from treadle.operations.supervisor import Role, python


def worker_roles(
    state: Path,
    count: int,
    *,
    host: str = "127.0.0.1",
    port: int = 7718,
    durability: Literal["process", "power"] = "process",
    full_disk: Literal["refuse", "serve"] = "refuse",
) -> tuple[tuple[Role, ...], socket.socket]:
    """`count` serving workers on one port, and the socket that keeps the port ours; keep it open while they run.

    On Linux every worker binds the port itself (SO_REUSEPORT); elsewhere they listen on the socket they inherit. Raises
    `Unavailable` when the port is in use.
    """
    bind(host, port).close()  # alone, so that a port that somebody else shares is noticed too
    held = bind(host, port, shared=True)
    port = held.getsockname()[1]
    if not SHARES_PORTS:
        held.listen(2048)
    where = ("--host", host, "--port", str(port)) if SHARES_PORTS else ("--socket", str(held.fileno()))
    common = ("--state", str(state), *where, "--durability", durability, "--full-disk", full_disk)
    roles = tuple(
        Role(
            f"worker {number}",
            python("-m", "treadle.server.oip.worker", "--worker", str(number), *common),
            sockets=() if SHARES_PORTS else (held.fileno(),),
        )
        for number in range(count)
    )
    return roles, held


def command_role(name: str, arguments: Sequence[str]) -> Role:
    """A role that is a command of Treadle itself, such as `server` or `controller`."""
    return Role(name, python("-m", "treadle.cli.app", *arguments))
