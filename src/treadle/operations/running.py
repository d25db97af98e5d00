"""Everything of a project on this machine, until somebody stops it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

from treadle.config import Config
from treadle.operations.ports import bind
from treadle.operations.processes import Processes
from treadle.operations.roles import Workers, command_role, worker_roles
from treadle.operations.supervisor import Role, Supervisor

Ready = Callable[[str], None]


def up(
    config: Config,
    *,
    host: str | None = None,
    port: int | None = None,
    workers: int | None = None,
    controller: bool | None = None,
    ready: Ready | None = None,
) -> None:
    """Run the server and what is configured of controller, listener on NATS and serving workers until SIGTERM or Ctrl-C.

    `ready` hears the address.
    What is not given comes from `config`; port 0 takes any free one. Raises `Unavailable` when a port is in use or a process
    cannot be kept running.
    """
    host = host or config.server.host
    with bind(host, config.server.port if port is None else port) as probe:
        taken: int = probe.getsockname()[1]
    server = command_role("server", config.root, "server", "--host", host, "--port", str(taken))
    roles = (server,)
    if config.controller.enabled if controller is None else controller:
        roles = (server, command_role("controller", config.root, "controller", vital=False))
    if config.nats.url:
        roles = (*roles, command_role("events", config.root, "listen", vital=False))
    workers = config.server.workers if workers is None else workers
    if not workers:
        _run(config, roles, host, taken, ready)
        return
    serving = _workers(config, workers, host, config.server.serve_port)
    with serving.held:
        _run(config, (*roles, *serving.roles), host, taken, ready)


def serve(
    config: Config,
    *,
    workers: int | None = None,
    host: str | None = None,
    port: int | None = None,
    ready: Ready | None = None,
) -> None:
    """Run serving workers alone (default: one a processor) until SIGTERM or Ctrl-C. Raises `Unavailable` as `up`."""
    host = host or config.server.host
    count = workers or config.server.workers or os.cpu_count() or 1
    serving = _workers(config, count, host, config.server.serve_port if port is None else port)
    with serving.held:
        _run(config, serving.roles, host, serving.port, ready)


def _run(config: Config, roles: tuple[Role, ...], host: str, port: int, ready: Ready | None) -> None:
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    processes = Processes(config.state)
    supervisor = Supervisor(
        roles,
        started=processes.write,
        is_ready=lambda: _answers(host, port),
        on_ready=(lambda: ready(f"http://{shown}:{port}")) if ready is not None else None,
    )
    try:
        supervisor.run()
    finally:
        processes.forget()


def _workers(config: Config, count: int, host: str, port: int) -> Workers:
    return worker_roles(
        config.state,
        count,
        host=host,
        port=port,
        durability=config.storage.durability,
        full_disk=config.server.log_full_disk,
    )


def _answers(host: str, port: int) -> bool:
    """Whether somebody accepts connections there."""
    try:
        with socket.create_connection(
            ("127.0.0.1" if host == "0.0.0.0" else "::1" if host == "::" else host, port), 0.2
        ):
            return True
    except OSError:
        return False
