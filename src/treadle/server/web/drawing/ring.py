"""The loop as a ring: stages around a hub, each with its state."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, RADIUS, NODE = 680, 560, 200, 25


@dataclass(frozen=True)
class Stage:
    """One stage of the loop: its tone says how it stands, `value` its latest number in a few words."""

    name: str
    icon: str
    value: str
    tone: str
    href: str


@dataclass(frozen=True)
class RingNode:
    """A stage and where it is drawn."""

    stage: Stage
    x: float
    y: float
    label_x: float
    label_y: float
    anchor: str


@dataclass(frozen=True)
class Arc:
    """The way from one stage to the next, and the arrow in its middle."""

    path: str
    arrow: str
    kind: str


@dataclass(frozen=True)
class Ring:
    """Everything of the drawing."""

    width: int
    height: int
    nodes: tuple[RingNode, ...]
    arcs: tuple[Arc, ...]


def draw_ring(stages: Sequence[Stage]) -> Ring:
    """Stages clockwise from the top; an arc is done when both its ends are."""
    count = len(stages)
    places = [_place(number, count) for number in range(count)]
    nodes = []
    for stage, (angle, x, y) in zip(stages, places, strict=True):
        side, down = math.cos(angle), math.sin(angle)
        anchor = "start" if side > 0.4 else "end" if side < -0.4 else "middle"
        if anchor == "middle":
            label = (x, y + (NODE + 25) * (1 if down > 0 else -1) - (6 if down > 0 else -3))
        else:
            label = (x + (NODE + 11) * (1 if side > 0 else -1), y)
        nodes.append(RingNode(stage, _r(x), _r(y), _r(label[0]), _r(label[1]), anchor))
    arcs = tuple(
        _arc(places[number][0], places[(number + 1) % count][0], stages[number], stages[(number + 1) % count])
        for number in range(count)
    )
    return Ring(WIDTH, HEIGHT, tuple(nodes), arcs)


def _place(number: int, count: int) -> tuple[float, float, float]:
    angle = -math.pi / 2 + 2 * math.pi * number / count
    return angle, WIDTH / 2 + RADIUS * math.cos(angle), HEIGHT / 2 + RADIUS * math.sin(angle)


def _arc(start: float, end: float, a: Stage, b: Stage) -> Arc:
    gap = (NODE + 5) / RADIUS
    if end <= start:
        end += 2 * math.pi
    (x1, y1), (x2, y2) = _on(start + gap), _on(end - gap)
    done = a.tone in ("ok", "warn") and b.tone in ("ok", "warn")
    kind = "busy" if "busy" in (a.tone, b.tone) else "done" if done else ""
    return Arc(f"M{x1} {y1}A{RADIUS} {RADIUS} 0 0 1 {x2} {y2}", _arrow((start + end) / 2), kind)


def _arrow(angle: float) -> str:
    (tx, ty), turn = _on(angle + 0.022), 0.03
    (ax, ay), (bx, by) = _on(angle - turn, RADIUS - 6), _on(angle - turn, RADIUS + 6)
    return f"M{tx} {ty}L{ax} {ay}L{bx} {by}z"


def _on(angle: float, radius: float = RADIUS) -> tuple[float, float]:
    return _r(WIDTH / 2 + radius * math.cos(angle)), _r(HEIGHT / 2 + radius * math.sin(angle))


def _r(value: float) -> float:
    return round(value, 1)
