"""`treadle up`: everything on this machine, under one supervisor."""

from __future__ import annotations

from typing import Annotated

import typer

from treadle.cli.output import Json, note, to_json
from treadle.cli.project import workspace
from treadle.cli.server import Host, Port


def command(
    host: Host = None,
    port: Port = None,
    workers: Annotated[
        int | None, typer.Option("--workers", "-w", min=0, help="Serving workers. [default: from treadle.toml]")
    ] = None,
    json: Json = False,
) -> None:
    """Start the server, and serving workers when asked for, and keep them running until Ctrl-C."""
    from treadle.operations import up

    def ready(address: str) -> None:
        if json:
            print(to_json({"server": address}), flush=True)
        else:
            note(f"Treadle is up at [bold]{address}[/] (Ctrl-C stops it)")

    with workspace() as opened:
        up(opened.config, host=host, port=port, workers=workers, ready=ready)
