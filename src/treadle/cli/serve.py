"""`treadle serve`: serving workers alone, on the port of the hot path."""

from __future__ import annotations

from typing import Annotated

import typer

from treadle.cli.output import Json, note, to_json
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
    from treadle.operations import serve

    def ready(address: str) -> None:
        if json:
            print(to_json({"serving": address}), flush=True)
        else:
            note(f"Serving at [bold]{address}[/] (Ctrl-C stops it)")

    serve(load_config(), workers=workers, host=host, port=port, ready=ready)
