"""A serving worker: `python -m treadle.server.oip.worker --state DIR --port N`.

Loads the model runtime, the protocol and nothing else. Several workers share a port: each binds it with SO_REUSEPORT (Linux), or
listens on a socket it inherits (`--socket`, elsewhere).
"""

from __future__ import annotations

import argparse
import logging
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from treadle.errors import TreadleError
from treadle.operations import bind, end_with_supervisor
from treadle.server.oip.app import LARGEST_BODY, InferenceApp, build_app

if TYPE_CHECKING:
    import uvicorn

GRACE_SECONDS = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal ends it; 0 at a clean end, 1 with a message when it could not start."""
    asked = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format=f"worker {asked.worker}: %(message)s", stream=sys.stderr)
    try:
        listening = _listening(asked)
    except TreadleError as error:
        print(error, file=sys.stderr)
        return 1
    end_with_supervisor()
    app = build_app(
        asked.state,
        worker=asked.worker,
        durability=asked.durability,
        full_disk=asked.full_disk,
        alone=True,
        largest_body=asked.largest_body,
    )
    return _serve(app, listening)


def _serve(app: InferenceApp, listening: socket.socket) -> int:
    import uvicorn

    config = uvicorn.Config(
        app,
        loop="auto",  # uvloop where it is installed
        http=_http(),
        proxy_headers=False,
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        backlog=2048,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = uvicorn.Server(config)
    _end_cleanly(server)
    try:
        server.run(sockets=[listening])
    except SystemExit as end:  # it could not start and has said why, or was ended before it had
        return 1 if end.code else 0
    return 0 if server.started else 1


def _http() -> Any:
    """The protocol that answers in one piece, where httptools is installed; else what uvicorn finds."""
    try:
        from treadle.server.oip.together import TogetherProtocol
    except ImportError:
        return "auto"
    return TogetherProtocol


def _end_cleanly(server: uvicorn.Server) -> None:
    """Make a polite end exit code 0: uvicorn raises the signal that ended it once more, when everything is done."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        if not server.started:  # it came before uvicorn listened to signals
            raise SystemExit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)


def _listening(asked: argparse.Namespace) -> socket.socket:
    if asked.socket is not None:
        return socket.socket(fileno=asked.socket)
    return bind(asked.host, asked.port, shared=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "treadle.server.oip.worker", description="Serve what is deployed below a state folder."
    )
    parser.add_argument("--state", type=Path, required=True, help="the project's state folder (.treadle)")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=7718)
    parser.add_argument("--socket", type=int, help="the number of an inherited, bound socket, instead of host and port")
    parser.add_argument("--worker", default="0", help="the name of this worker in logs and metrics")
    parser.add_argument("--durability", choices=("process", "power"), default="process")
    parser.add_argument("--full-disk", choices=("refuse", "serve"), default="refuse")
    parser.add_argument("--largest-body", type=int, default=LARGEST_BODY, help="in bytes")
    return parser


if __name__ == "__main__":
    sys.exit(main())
