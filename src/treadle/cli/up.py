"""`treadle up`: everything on this machine, under one supervisor."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Annotated

import typer

from treadle.cli.output import Json, note, to_json
from treadle.cli.server import Host, Port


def command(
    host: Host = None,
    port: Port = None,
    workers: Annotated[
        int | None, typer.Option("--workers", "-w", min=0, max=64, help="Serving workers. [default: from treadle.toml]")
    ] = None,
    controller: Annotated[
        bool | None,
        typer.Option("--controller/--no-controller", help="Keep the loops turning too. [default: from treadle.toml]"),
    ] = None,
    with_parent: Annotated[bool, typer.Option("--with-parent", hidden=True)] = False,
    json: Json = False,
) -> None:
    """Start the server, the controller, and serving workers when asked for, and keep them running until Ctrl-C."""
    from treadle.config import load_config
    from treadle.operations import up

    def ready(address: str) -> None:
        if json:
            print(to_json({"server": address}), flush=True)
        else:
            note(f"Treadle is up at [bold]{address}[/] (Ctrl-C stops it)")

    if with_parent:
        _end_with_parent()
    up(load_config(), host=host, port=port, workers=workers, controller=controller, ready=ready)


def _end_with_parent() -> None:
    """End when stdin does: whoever started this holds its other end, and is gone then, however it went."""

    def watch() -> None:
        while sys.stdin.read(1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="with-parent", daemon=True).start()
