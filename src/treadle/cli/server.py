"""`treadle server`: pages, REST and inference on one port, in this process."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from treadle.cli.output import Json, note, to_json
from treadle.cli.project import workspace

SUPERVISOR = "TREADLE_SUPERVISOR"
Host = Annotated[str | None, typer.Option(help="The address to listen on. [default: from treadle.toml]")]
Port = Annotated[
    int | None, typer.Option(min=0, max=65_535, help="The port; 0 takes any free one. [default: from treadle.toml]")
]


def command(
    host: Host = None,
    port: Port = None,
    json: Json = False,
) -> None:
    """Answer pages, REST and inference on one port until Ctrl-C."""
    from treadle.server import run

    def ready(address: str) -> None:
        if json:
            print(to_json({"server": address}), flush=True)
        elif SUPERVISOR not in os.environ:  # else the supervisor says it
            note(f"Treadle answers at [bold]{address}[/] (Ctrl-C stops it)")

    with workspace() as opened:
        run(opened, host, port, ready=ready)
