"""One execution: its steps as a graph and as bars over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from treadle.server.web.drawing.graph import Drawing, Node, draw
from treadle.server.web.words import seconds

if TYPE_CHECKING:
    from datetime import datetime

    from treadle.pipelines import Execution, StepRun
    from treadle.workspace import Workspace

_GRAPH = {
    "succeeded": ("ok", "ok"),
    "cached": ("cached", "cached"),
    "failed": ("bad", "bad"),
    "running": ("busy", "busy"),
}


@dataclass(frozen=True)
class StepRow:
    """A step, and where its bar stands between the start and the end of the execution (per cent)."""

    step: StepRun
    left: float
    width: float
    tone: str


@dataclass(frozen=True)
class ExecutionView:
    """Everything on an execution's page."""

    execution: Execution
    graph: Drawing
    steps: tuple[StepRow, ...]
    seconds: float | None
    cached: int
    counts: tuple[tuple[str, int], ...]


def execution_view(workspace: Workspace, id: str) -> ExecutionView:
    """Gather it."""
    found = workspace.pipelines.get(id)
    end = found.finished_at or workspace.clock.wall()
    span = max((end - found.started_at).total_seconds(), 1e-6)
    nodes = [_node(found, step) for step in found.steps]
    edges = [(source, step.name) for step in found.steps for source in step.inputs]
    counts: dict[str, int] = {}
    for step in found.steps:
        counts[step.status] = counts.get(step.status, 0) + 1
    return ExecutionView(
        execution=found,
        graph=draw(nodes, edges),
        steps=tuple(_row(step, found.started_at, end, span) for step in found.steps),
        seconds=found.seconds if found.finished_at else span,
        cached=counts.get("cached", 0),
        counts=tuple(counts.items()),
    )


def _node(execution: Execution, step: StepRun) -> Node:
    tone, icon = _GRAPH.get(step.status, ("idle", "idle"))
    sub = step.status if step.seconds is None or step.status == "cached" else seconds(step.seconds)
    return Node(
        step.name,
        step.name,
        sub,
        tone,
        icon,
        f"/executions/{execution.id}/steps/{step.name}",
        f"{step.name}: {step.status}",
    )


def _row(step: StepRun, start: datetime, end: datetime, span: float) -> StepRow:
    if step.started_at is None:
        return StepRow(step, 0.0, 0.0, "idle")
    left = max((step.started_at - start).total_seconds() / span, 0.0)
    stop = step.finished_at or end
    width = max((stop - step.started_at).total_seconds() / span, 0.004)
    left = min(left, 0.996)
    return StepRow(
        step, round(100 * left, 2), round(100 * min(width, 1 - left), 2), _GRAPH.get(step.status, ("idle", ""))[0]
    )
