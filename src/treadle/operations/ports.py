"""Ports: taken with a clear word when they cannot be, and shared by the workers of one endpoint where the system can."""

from __future__ import annotations

import errno
import socket
import sys

from treadle.errors import InvalidInput, Unavailable

SHARES_PORTS = sys.platform == "linux"
"""Whether several processes may listen on one port and the kernel spreads connections over them (SO_REUSEPORT)."""


def bind(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A socket bound to an address; `shared` lets other processes of this user bind it as well (Linux).

    Raises `Unavailable` when the port is in use or may not be used, `InvalidInput` for an address or port there is not.
    """
    if not 0 <= port <= 65_535:
        raise InvalidInput(f"{port} is not a port.", mend="Choose 0 to 65535.", field="port")
    try:
        family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise InvalidInput(
            f"{host!r} is not an address.", mend="Use 127.0.0.1, or 0.0.0.0 for all networks.", field="host"
        ) from error
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared and SHARES_PORTS:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind(where)
    except OSError as error:
        made.close()
        raise _refused(host, port, error) from error
    return made


def check_free(host: str, port: int) -> None:
    """Raises as `bind` when nobody could listen there now."""
    bind(host, port).close()


def _refused(host: str, port: int, error: OSError) -> InvalidInput | Unavailable:
    if error.errno == errno.EADDRINUSE:
        return Unavailable(
            f"Port {port} on {host} is in use by another program.",
            mend="Stop it, or choose another port.",
            field="port",
        )
    if error.errno == errno.EACCES:
        return Unavailable(f"Port {port} may not be used by this user.", mend="Choose one above 1023.", field="port")
    return InvalidInput(
        f"{host} is not an address of this machine.", mend="Use 127.0.0.1, or 0.0.0.0 for all networks.", field="host"
    )
