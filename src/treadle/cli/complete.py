"""Completion of names: what the project has, or nothing at all; a half-typed command must never fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from treadle.errors import TreadleError

if TYPE_CHECKING:
    from treadle.workspace import Workspace


def _names(find: Callable[[Workspace], Iterable[str]]) -> Callable[[str], list[str]]:
    def complete(incomplete: str) -> list[str]:
        from treadle.cli.project import workspace

        try:
            with workspace() as opened:
                return sorted({name for name in find(opened) if name.startswith(incomplete)})
        except (TreadleError, OSError):
            return []  # nothing to offer; the command itself will say what is wrong

    return complete


datasets = _names(lambda opened: opened.datasets.names())
models = _names(lambda opened: [model.name for model in opened.registry.models()])
runs = _names(lambda opened: [run.id for run in opened.tracker.search(limit=50).runs])
endpoints = _names(lambda opened: [manifest.name for manifest in opened.endpoints.list()])
executions = _names(lambda opened: [execution.id for execution in opened.pipelines.list(limit=50)])
requests = _names(lambda opened: [request.id for request in opened.retraining.list(limit=50)])
rollouts = _names(lambda opened: [rollout.id for rollout in opened.rollouts.list(limit=50)])


def loops(incomplete: str) -> list[str]:
    """Loops that the project's loop file declares."""
    from treadle.cli.project import loops as declared

    try:
        return sorted(name for name in declared() if name.startswith(incomplete))
    except (TreadleError, OSError):
        return []


def views(incomplete: str) -> list[str]:
    """Feature views that the project's loops use."""
    from treadle.cli.project import loops as declared

    try:
        return sorted(
            {view.name for loop in declared().values() for view in loop.views if view.name.startswith(incomplete)}
        )
    except (TreadleError, OSError):
        return []
