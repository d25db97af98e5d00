"""A few figures of a workspace that metrics, the status page and live numbers share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from treadle.registry import RegisteredModel
    from treadle.workspace import Workspace


@dataclass(frozen=True)
class Figures:
    """How much of everything there is now; executions are the last hundred by status."""

    models: tuple[RegisteredModel, ...]
    executions: Mapping[str, int]
    evidence: int


def figures(workspace: Workspace) -> Figures:
    """Read them."""
    return Figures(
        models=tuple(workspace.registry.models()),
        executions=Counter(found.status for found in workspace.pipelines.list(limit=100)),
        evidence=workspace.ledger.checkpoint().sequence,
    )
