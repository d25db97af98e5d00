"""`treadle serve`: serving workers alone, on the port of the hot path."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from treadle.cli.output import Json, note, text, to_json
from treadle.cli.server import Host, Port


def command(
    workers: Annotated[
        int | None, typer.Option("--workers", "-w", min=1, max=64, help="How many. [default: one per processor]")
    ] = None,
    host: Host = None,
    port: Port = None,
    json: Json = False,
) -> None:
    """Answer inference requests with several processes on one port until Ctrl-C."""
    from treadle.config import load_config
    from treadle.operations import Supervisor, worker_roles

    config = load_config()
    roles, listening = worker_roles(
        config.state,
        workers or config.server.workers or os.cpu_count() or 1,
        host=host or config.server.host,
        port=config.server.serve_port if port is None else port,
        durability=config.storage.durability,
        full_disk=config.server.log_full_disk,
    )
    with listening:
        address = "http://{}:{}".format(*listening.getsockname()[:2])
        if json:
            print(to_json({"serving": address, "workers": len(roles)}), flush=True)
        else:
            note(f"{len(roles)} workers serve at [bold]{address}[/] (Ctrl-C stops them)")
        Supervisor(
            roles, on_event=None if json else lambda role, event: note(f"[dim]{text(role)} {text(event)}[/]")
        ).run()
