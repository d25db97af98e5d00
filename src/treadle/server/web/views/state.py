"""The state of the installation: settings, storage, serving processes, the loop file."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from treadle.server.declared import declared

if TYPE_CHECKING:
    from pathlib import Path

    from treadle.operations import Standing
    from treadle.serving import WorkerState
    from treadle.workspace import Workspace


@dataclass(frozen=True)
class State:
    """What the status page shows; sizes in bytes."""

    root: str
    database: str
    storage: tuple[tuple[str, str, int], ...]
    free: int | None
    settings: tuple[tuple[str, str], ...]
    loops: tuple[tuple[str, str, str], ...]
    loop_problem: str
    workers: tuple[WorkerState, ...]
    controller: Standing


def state_of(workspace: Workspace) -> State:
    """Gather it."""
    config = workspace.config
    places = (
        ("Database", config.state, "*.db*"),
        ("Tables", config.tables, "**/*"),
        ("Artifacts", config.artifacts, "**/*"),
        ("Prediction log", config.state / "predictions", "**/*"),
    )
    known = declared(workspace)
    return State(
        root=str(config.root),
        database=re.sub(r"(://[^:/@\s]+:)[^@\s]+@", r"\1…@", config.database_url),
        storage=tuple((name, str(folder), _bytes(folder, pattern)) for name, folder, pattern in places),
        free=shutil.disk_usage(config.state).free if config.state.exists() else None,
        settings=(
            (
                "Durability",
                f"survives {'power loss' if config.storage.durability == 'power' else 'the end of a process'}",
            ),
            ("Data engine", f"{config.storage.memory_limit}, {config.storage.threads or 'all'} threads"),
            ("Authentication", "tokens" if config.server.auth == "token" else "off: this machine alone is trusted"),
            ("A full disk", f"{config.server.log_full_disk}s predictions that cannot be logged"),
        ),
        loops=tuple(
            (loop.name, f"{loop.label.task} of {loop.label.column}", str(loop.declared_at)) for loop in known.loops
        ),
        loop_problem=str(known.problem) if known.problem else "",
        workers=tuple(workspace.endpoints.workers()),
        controller=workspace.standing,
    )


def _bytes(folder: Path, pattern: str) -> int:
    total = 0
    for path in folder.glob(pattern) if folder.is_dir() else ():
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue  # it went away meanwhile
    return total
