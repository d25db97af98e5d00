"""`treadle server`: pages, REST and inference on one port, in this process."""

from __future__ import annotations

from typing import Annotated

import typer

from treadle.cli.output import Json, note, to_json
from treadle.cli.project import workspace

Host = Annotated[str | None, typer.Option(help="The address to listen on. [default: from treadle.toml]")]
Port = Annotated[
    int | None, typer.Option(min=0, max=65_535, help="The port; 0 takes any free one. [default: from treadle.toml]")
]


def command(
    host: Host = None,
    port: Port = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Do not say where it answers.")] = False,
    json: Json = False,
) -> None:
    """Answer pages, REST and inference on one port until Ctrl-C."""
    from treadle.operations import end_with_supervisor
    from treadle.server import run

    def ready(address: str) -> None:
        if json:
            print(to_json({"server": address}), flush=True)
        elif not quiet:
            note(f"Treadle answers at [bold]{address}[/] (Ctrl-C stops it)")

    end_with_supervisor()
    with workspace() as opened:
        run(opened, host, port, ready=ready)
