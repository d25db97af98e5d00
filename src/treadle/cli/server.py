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
    from treadle.server import is_loopback, run

    def ready(address: str) -> None:
        if json:
            print(to_json({"server": address}), flush=True)
        elif SUPERVISOR not in os.environ:  # else the supervisor says it
            note(f"Treadle answers at [bold]{address}[/] (Ctrl-C stops it)")

    with workspace() as opened:
        settings = opened.config.server
        if settings.auth == "off" and not is_loopback(host or settings.host):
            note(
                'Whoever reaches this port acts as admin: set [bold]auth = "token"[/] below \\[server] in treadle.toml.'
            )
        run(opened, host, port, ready=ready)
