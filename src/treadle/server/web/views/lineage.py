"""The lineage of a thing as a drawing; steps fold into their execution, artifacts into edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.server.web.drawing.graph import Drawing, Node, draw
from treadle.server.web.views.subjects import subject_icon, subject_link

if TYPE_CHECKING:
    from treadle.lineage import Ref
    from treadle.workspace import Workspace

LARGEST = 60  # boxes a person can still read


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
    """Draw at most `LARGEST` boxes, nearest first."""
    kept, links = _folded(nodes, _nearest_makers(nodes, edges))
    for name in sorted(kept):
        if kept[name].kind == "artifact" and name != start:
            links = _bridged(links, name)
            del kept[name]
    near = _reached(start, links) | {b for a, b in links if a == start}
    chosen = [name for name in kept if name in near][:LARGEST]
    return draw([_node(kept[name], name == start) for name in chosen], sorted(links))


def _nearest_makers(nodes: dict[str, Ref], edges: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Of the steps that made the same bytes, a step took them from one of its own execution, else from the first."""
    makers: dict[str, list[str]] = {}
    for a, b in sorted(edges):
        if b in nodes and nodes[b].kind == "artifact":
            makers.setdefault(b, []).append(a)
    kept = {(a, b) for a, b in edges if b not in makers and a not in makers}
    for a, b in edges:
        if a not in makers:
            continue
        own = [maker for maker in makers[a] if _execution(nodes, maker) == _execution(nodes, b)]
        kept |= {(maker, b) for maker in (own or makers[a][:1]) if maker != b}
    return kept


def _execution(nodes: dict[str, Ref], name: str) -> str:
    ref = nodes.get(name)
    return ref.id.partition("/")[0] if ref is not None and ref.kind in ("step", "execution") else name


def _reached(start: str, links: set[tuple[str, str]]) -> set[str]:
    before: dict[str, set[str]] = {}
    for a, b in links:
        before.setdefault(b, set()).add(a)
    found, waiting = {start}, [start]
    while waiting:
        for name in before.get(waiting.pop(), ()):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found


def _folded(nodes: dict[str, Ref], edges: set[tuple[str, str]]) -> tuple[dict[str, Ref], set[tuple[str, str]]]:
    """Steps become the execution they are of."""
    from treadle.lineage import Ref

    whole = {n: Ref("execution", r.id.partition("/")[0]) if r.kind == "step" else r for n, r in nodes.items()}
    links = {(str(whole[a]), str(whole[b])) for a, b in edges if a in whole and b in whole}
    return {str(ref): ref for ref in whole.values()}, {(a, b) for a, b in links if a != b}


def _bridged(edges: set[tuple[str, str]], name: str) -> set[tuple[str, str]]:
    before = [a for a, b in edges if b == name]
    after = [b for a, b in edges if a == name]
    rest = {(a, b) for a, b in edges if name not in (a, b)}
    return rest | {(a, b) for a in before for b in after if a != b}


def _node(ref: Ref, start: bool) -> Node:
    label, sub = ref.id, ref.kind.replace("_", " ")
    if ref.kind in ("execution", "run"):
        label = ref.id.partition(":")[0] if ":" in ref.id else f"…{ref.id[-8:]}"
    return Node(
        key=str(ref),
        label=label,
        sub=sub,
        tone="start" if start else "idle",
        icon=subject_icon(ref.kind),
        href="" if start else subject_link(ref.kind, ref.id),
        title=str(ref),
    )
