"""Run the server in this process: uvicorn with uvloop and httptools."""

from __future__ import annotations

import errno
import functools
import logging
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from treadle.errors import InvalidInput, Unavailable
from treadle.server.app import create_app

if TYPE_CHECKING:
    import uvicorn

    from treadle.workspace import Workspace

BACKLOG = 2048
GRACE = 5  # seconds that open answers (live streams, long downloads) get at the end


def run(
    workspace: Workspace,
    host: str | None = None,
    port: int | None = None,
    *,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until a signal stops it; `ready` is called with the address once it answers.

    Port 0 takes any free one. Raises `Unavailable` when the port is in use or may not be used, `InvalidInput` for an address
    that is not this machine's, `Corrupt` or `Unavailable` when the database or the
    state folder cannot be used.
    """
    host = host or workspace.config.server.host
    port = workspace.config.server.port if port is None else port
    workspace.database.one("SELECT 1 AS x")  # rather no server than one that fails every question
    listening = bind(host, port)
    with listening:
        told = None if ready is None else functools.partial(ready, address(listening))
        make_server(workspace, host, told).run(sockets=[listening])


def make_server(workspace: Workspace, host: str, ready: Callable[[], None] | None = None) -> uvicorn.Server:
    """A uvicorn server over the workspace's application, not yet running; `ready` is called once it answers.

    Its `run` raises what the application could not start for.
    """
    import uvicorn

    app = create_app(workspace, host=host)

    class Server(uvicorn.Server):
        """Says why it could not start; tells open streams to end before it waits for them."""

        def run(self, sockets: list[socket.socket] | None = None) -> None:
            try:
                super().run(sockets)
            except SystemExit as end:
                raise app.refused or end from None

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if ready is not None:
                ready()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            app.stopping.set()
            await super().shutdown(sockets)

    config = uvicorn.Config(
        app,
        host=host,
        loop="auto",
        http="auto",
        ws="none",
        lifespan="on",
        access_log=False,
        log_level=logging.WARNING,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        backlog=BACKLOG,
    )
    return Server(config)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; raises `Unavailable` or `InvalidInput` that says what is in the way."""
    if not 0 <= port <= 65_535:
        raise InvalidInput(f"{port} is not a port.", mend="Choose 0 to 65535.", field="port")
    try:
        family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise InvalidInput(
            f"{host!r} is not an address of this machine.", mend="Use 127.0.0.1, or 0.0.0.0 for all.", field="host"
        ) from error
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind(where)
        made.listen(BACKLOG)  # from here on callers wait instead of being turned away
    except OSError as error:
        made.close()
        raise _refused(host, port, error) from error
    made.set_inheritable(True)
    return made


def address(listening: socket.socket) -> str:
    """The address to open in a browser."""
    host, port = listening.getsockname()[:2]
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"


def _refused(host: str, port: int, error: OSError) -> InvalidInput | Unavailable:
    if error.errno == errno.EADDRINUSE:
        return Unavailable(
            f"Port {port} on {host} is in use by another program.",
            mend="Stop it, or choose another port with --port (or server.port in treadle.toml).",
            field="port",
        )
    if error.errno == errno.EACCES:
        return Unavailable(f"Port {port} may not be used by this user.", mend="Choose one above 1023.", field="port")
    return InvalidInput(
        f"{host} is not an address of this machine: {error.strerror}.",
        mend="Use 127.0.0.1, or 0.0.0.0 for all.",
        field="host",
    )
