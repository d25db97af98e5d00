"""`treadle up`: everything on this machine, under one supervisor."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from treadle.cli.output import Json, note, text, to_json
from treadle.cli.server import Host, Port

if TYPE_CHECKING:
    from treadle.config import Config
    from treadle.operations import Role


def command(
    host: Host = None,
    port: Port = None,
    workers: Annotated[
        int | None, typer.Option("--workers", "-w", min=0, max=64, help="Serving workers. [default: from treadle.toml]")
    ] = None,
    with_parent: Annotated[bool, typer.Option("--with-parent", hidden=True)] = False,
    json: Json = False,
) -> None:
    """Start the server, and serving workers when asked for, and keep them running until Ctrl-C."""
    from treadle.config import load_config
    from treadle.operations import Supervisor, check_free

    if with_parent:
        _end_with_parent()
    config = load_config()
    host = host or config.server.host
    port = _free(host) if port == 0 else config.server.port if port is None else port
    check_free(host, port)
    with ExitStack() as held:
        roles, serving = _roles(config, host, port, config.server.workers if workers is None else workers, held)
        supervisor = Supervisor(roles, on_event=None if json else _told)
        address = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}"
        _when_ready(address, lambda: _say(address, serving, json))
        supervisor.run()


def _roles(config: Config, host: str, port: int, workers: int, held: ExitStack) -> tuple[list[Role], str | None]:
    """The server, the workers, and the address the workers answer at."""
    from treadle.operations import command_role, worker_roles

    arguments = ["-C", str(config.root), "server", "--host", host, "--port", str(port), "--quiet"]
    roles = [command_role("server", arguments)]
    if workers == 0:
        return roles, None
    settings = config.server
    serving, listening = worker_roles(
        config.state,
        workers,
        host=host,
        port=settings.serve_port,
        durability=config.storage.durability,
        full_disk=settings.log_full_disk,
    )
    held.callback(listening.close)
    return [*roles, *serving], f"http://{host}:{listening.getsockname()[1]}"


def _say(address: str, serving: str | None, json: bool) -> None:
    if json:
        print(to_json({"server": address, "serving": serving}), flush=True)
        return
    more = f", predictions at [bold]{serving}[/]" if serving else ""
    note(f"Treadle is up at [bold]{address}[/]{more} (Ctrl-C stops it)")


def _told(role: str, event: str) -> None:
    note(f"[dim]{text(role)} {text(event)}[/]")


def _when_ready(address: str, say: Callable[[], None]) -> None:
    """Call `say` once the server answers; it starts while the supervisor already watches over it."""

    def ask() -> None:
        while True:
            try:
                with urllib.request.urlopen(f"{address}/health", timeout=5):
                    say()
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)  # not yet: if it never comes, the supervisor says why

    threading.Thread(target=ask, name="when-ready", daemon=True).start()


def _free(host: str) -> int:
    from treadle.operations import bind

    with bind(host, 0) as found:
        return int(found.getsockname()[1])


def _end_with_parent() -> None:
    """End when stdin does: whoever started this holds its other end, and is gone then, however it went."""

    def watch() -> None:
        while sys.stdin.read(1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="with-parent", daemon=True).start()
