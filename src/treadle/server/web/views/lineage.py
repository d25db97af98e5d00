"""The lineage of a thing as a drawing: what it came from, executions and artifacts between left out of the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.server.web.drawing.graph import Drawing, Node, draw
from treadle.server.web.views.subjects import subject_icon, subject_link

if TYPE_CHECKING:
    from treadle.lineage import Graph, Ref
    from treadle.workspace import Workspace

LARGEST = 60  # boxes a person can still read
_BETWEEN = ("artifact",)


def lineage_of(workspace: Workspace, ref: Ref) -> Drawing | None:
    """Everything upstream and what was made with it directly; None when nothing is known."""
    up = workspace.lineage.upstream(ref, 12)
    down = workspace.lineage.downstream(ref, 1)
    edges = {(str(e.source), str(e.target)) for graph in (up, down) for e in graph.edges}
    if not edges:
        return None
    nodes = {str(node): node for graph in (up, down) for node in graph.nodes}
    return drawn(nodes, edges, str(ref))


def drawn(nodes: dict[str, Ref], edges: set[tuple[str, str]], start: str) -> Drawing:
    """Draw them; artifacts between two others become an edge, and steps nobody can tell apart are kept to `LARGEST` boxes."""
    kept = dict(nodes)
    links = set(edges)
    for name in sorted(nodes):
        if nodes[name].kind in _BETWEEN and name != start:
            links = _bridged(links, name)
            del kept[name]
    if len(kept) > LARGEST:
        for name in sorted(kept):
            if kept[name].kind == "step" and name != start:
                links = _bridged(links, name)
                del kept[name]
    chosen = dict(list(kept.items())[:LARGEST])
    return draw([_node(ref, name == start) for name, ref in chosen.items()], sorted(links))


def graph_size(graph: Graph) -> int:
    """How many boxes a graph has."""
    return len(graph.nodes)


def _bridged(edges: set[tuple[str, str]], name: str) -> set[tuple[str, str]]:
    before = [a for a, b in edges if b == name]
    after = [b for a, b in edges if a == name]
    rest = {(a, b) for a, b in edges if name not in (a, b)}
    return rest | {(a, b) for a in before for b in after if a != b}


def _node(ref: Ref, start: bool) -> Node:
    label, sub = ref.id, ref.kind.replace("_", " ")
    if ref.kind == "step":
        execution, _, label = ref.id.partition("/")
        sub = f"step of {execution[-6:]}"
    elif ref.kind in ("execution", "run"):
        label = ref.id if ":" in ref.id else f"…{ref.id[-8:]}"
    return Node(
        key=str(ref),
        label=label,
        sub=sub,
        tone="start" if start else "idle",
        icon=subject_icon(ref.kind),
        href="" if start else subject_link(ref.kind, ref.id),
        title=str(ref),
    )
