"""A layered drawing of a directed graph, left to right: steps of a pipeline, lineage of a version.

Layers by longest path, edges over several layers bent through places of their own, order within a layer by the mean place of the
neighbours (a few sweeps). Source: K. Sugiyama, S. Tagawa, M. Toda, "Methods for visual understanding of hierarchical system
structures" (1981).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

NODE_HEIGHT = 44
BEND_HEIGHT = 6
GAP_X, GAP_Y, MARGIN = 36, 14, 6
LETTER = 7.9  # pixels, about, of the label's font
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
    routes = _bends(used, layer, columns)
    _untangle(columns, [pair for route in routes for pair in pairwise(route)])
    heights = {key: NODE_HEIGHT if key in known else BEND_HEIGHT for keys in columns.values() for key in keys}
    height = 2 * MARGIN + max((_tall(keys, heights) for keys in columns.values()), default=0.0)
    at: dict[str, tuple[float, float, float]] = {}
    x = float(MARGIN)
    for column in sorted(columns):
        width = max((_width(known[key]) for key in columns[column] if key in known), default=0)
        y = (height - _tall(columns[column], heights)) / 2
        for key in columns[column]:
            at[key] = (x, round(y + heights[key] / 2, 1), width)
            y += heights[key] + GAP_Y
        x += width + GAP_X
    placed = tuple(_placed(node, at[key]) for key, node in known.items())
    return Drawing(
        max(x - GAP_X + MARGIN, 2 * MARGIN), height, placed, tuple(_curve([at[k] for k in r]) for r in routes)
    )


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


def _bends(
    edges: Sequence[tuple[str, str]], layer: Mapping[str, int], columns: dict[int, list[str]]
) -> list[list[str]]:
    """The way of each edge: its ends, and a place of its own in every layer it crosses."""
    routes = []
    for number, (a, b) in enumerate(edges):
        crossed = [(f"\0{number}/{between}", between) for between in range(layer[a] + 1, layer[b])]
        for key, between in crossed:
            columns[between].append(key)
        routes.append([a, *(key for key, _ in crossed), b])
    return routes


def _tall(keys: Sequence[str], heights: Mapping[str, float]) -> float:
    return sum(heights[key] + GAP_Y for key in keys) - GAP_Y


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


def _placed(node: Node, at: tuple[float, float, float]) -> Placed:
    x, middle, width = at
    cut = int((width - 48) / LETTER) + 1
    label = node.label if len(node.label) <= cut else f"{node.label[: cut - 1]}…"
    top = middle - NODE_HEIGHT / 2
    title = node.title or node.label
    return Placed(x, top, width, NODE_HEIGHT, label, node.sub[:40], node.tone, node.icon, node.href, title)


def _curve(route: Sequence[tuple[float, float, float]]) -> str:
    x, y, width = route[0]
    x += width
    path = f"M{x:.1f} {y:.1f}"
    for number, (left, middle, wide) in enumerate(route[1:], start=2):
        last = number == len(route)
        to = left - 2 if last else left
        bend = max((to - x) / 2, 12)
        path += f"C{x + bend:.1f} {y:.1f} {to - bend:.1f} {middle:.1f} {to:.1f} {middle:.1f}"
        x, y = to, middle
        if not last:
            x += wide
            path += f"L{x:.1f} {y:.1f}"
    return path
