"""A layered drawing of a directed graph, left to right: steps of a pipeline, lineage of a version.

Layers by longest path, order within a layer by the mean place of the neighbours (a few sweeps): the first two phases of
K. Sugiyama, S. Tagawa, M. Toda, "Methods for visual understanding of hierarchical system structures" (1981).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NODE_HEIGHT = 44
GAP_X, GAP_Y, MARGIN = 52, 16, 6
LETTER = 7.1  # pixels, about, of the label's font
SWEEPS = 6


@dataclass(frozen=True)
class Node:
    """What is drawn in a box."""

    key: str
    label: str
    sub: str = ""
    tone: str = "idle"
    icon: str = "file"
    href: str = ""
    title: str = ""


@dataclass(frozen=True)
class Placed:
    """A box and where it is."""

    x: float
    y: float
    width: float
    height: float
    label: str
    sub: str
    tone: str
    icon: str
    href: str
    title: str


@dataclass(frozen=True)
class Drawing:
    """Boxes, and edges as SVG paths."""

    width: float
    height: float
    nodes: tuple[Placed, ...]
    edges: tuple[str, ...]


def draw(nodes: Sequence[Node], edges: Sequence[tuple[str, str]]) -> Drawing:
    """Place the boxes and curve the edges; an edge that would close a circle is not used for layering."""
    known = {node.key: node for node in nodes}
    used = [(a, b) for a, b in dict.fromkeys(edges) if a in known and b in known and a != b]
    layer = layers(list(known), used)
    columns: dict[int, list[str]] = {}
    for key in known:
        columns.setdefault(layer[key], []).append(key)
    _untangle(columns, used)
    widths = {c: max(_width(known[key]) for key in keys) for c, keys in columns.items()}
    tallest = max((len(keys) for keys in columns.values()), default=0)
    height = 2 * MARGIN + tallest * (NODE_HEIGHT + GAP_Y) - GAP_Y
    at: dict[str, tuple[float, float]] = {}
    x = float(MARGIN)
    for column in sorted(columns):
        keys = columns[column]
        top = (height - (len(keys) * (NODE_HEIGHT + GAP_Y) - GAP_Y)) / 2
        for row, key in enumerate(keys):
            at[key] = (x, round(top + row * (NODE_HEIGHT + GAP_Y), 1))
        x += widths[column] + GAP_X
    placed = tuple(_placed(node, at[key], widths[layer[key]]) for key, node in known.items())
    paths = tuple(_curve(at[a], at[b], widths[layer[a]]) for a, b in used)
    return Drawing(max(x - GAP_X + MARGIN, 2 * MARGIN), max(height, 2 * MARGIN), placed, paths)


def layers(keys: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """The layer of each key: one more than the highest layer before it.

    >>> layers(["a", "b", "c"], [("a", "b"), ("b", "c"), ("a", "c")])
    {'a': 0, 'b': 1, 'c': 2}
    """
    before: dict[str, list[str]] = {key: [] for key in keys}
    for a, b in edges:
        before[b].append(a)
    found: dict[str, int] = {}
    for key in keys:
        _climb(key, before, found)
    return found


def _climb(start: str, before: Mapping[str, Sequence[str]], found: dict[str, int]) -> None:
    stack, open_ = [start], set()
    while stack:
        key = stack[-1]
        if key in found:
            stack.pop()
            continue
        waiting = [b for b in before[key] if b not in found and b not in open_]
        if waiting and key not in open_:
            open_.add(key)
            stack.extend(waiting)
            continue
        found[key] = 1 + max((found[b] for b in before[key] if b in found), default=-1)
        stack.pop()


def _untangle(columns: dict[int, list[str]], edges: Sequence[tuple[str, str]]) -> None:
    neighbours: dict[str, list[str]] = {key: [] for keys in columns.values() for key in keys}
    for a, b in edges:
        neighbours[a].append(b)
        neighbours[b].append(a)
    for sweep in range(SWEEPS):
        place = {key: row / max(len(keys) - 1, 1) for keys in columns.values() for row, key in enumerate(keys)}
        for column in sorted(columns, reverse=bool(sweep % 2)):
            columns[column].sort(key=lambda key: _mean([place[n] for n in neighbours[key]], place[key]))


def _mean(values: Sequence[float], default: float) -> float:
    return sum(values) / len(values) if values else default


def _width(node: Node) -> float:
    letters = max(len(node.label), len(node.sub) * 0.86)
    return round(min(max(letters, 6), 34) * LETTER + 48)


def _placed(node: Node, at: tuple[float, float], width: float) -> Placed:
    cut = int((width - 48) / LETTER) + 1
    label = node.label if len(node.label) <= cut else f"{node.label[: cut - 1]}…"
    return Placed(
        at[0],
        at[1],
        width,
        NODE_HEIGHT,
        label,
        node.sub[:40],
        node.tone,
        node.icon,
        node.href,
        node.title or node.label,
    )


def _curve(a: tuple[float, float], b: tuple[float, float], width: float) -> str:
    x1, y1 = a[0] + width, a[1] + NODE_HEIGHT / 2
    x2, y2 = b[0] - 2, b[1] + NODE_HEIGHT / 2
    bend = max((x2 - x1) / 2, 18)
    return f"M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
