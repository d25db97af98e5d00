"""Drawings that fit into a table cell: histograms, sparklines, intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from treadle.server.web.words import number


@dataclass(frozen=True)
class Bar:
    """One bar, in the units of its view box."""

    x: float
    y: float
    width: float
    height: float
    title: str
    tone: str = "1"
    over: bool = False


@dataclass(frozen=True)
class Histogram:
    """Bars in a view box, with a sentence for who cannot see them."""

    width: float
    height: float
    bars: tuple[Bar, ...]
    label: str


def histogram(
    edges: Sequence[float], counts: Sequence[float], *, other: Sequence[float] = (), label: str = "", width: float = 300
) -> Histogram | None:
    """A histogram; `other` are the counts of a second one over the same edges, scaled to the same total, drawn over it."""
    if not counts or not any(counts):
        return None
    height, gap = 76.0, 1.0
    scaled = [float(c) for c in counts]
    second = [float(c) * sum(counts) / sum(other) for c in other] if any(other) else []
    top = max([*scaled, *second]) or 1.0
    step = width / len(scaled)
    bars = []
    for tone, values, counted, over in (("1", scaled, counts, False), ("2", second, other, True)):
        for number_, value in enumerate(values):
            tall = max(height * value / top, 1.5 if value else 0.0)
            title = (
                f"{number(edges[number_])} to {number(edges[number_ + 1])}: {counted[number_]:,.0f}" if edges else ""
            )
            bars.append(
                Bar(
                    round(number_ * step, 2),
                    round(height - tall, 2),
                    round(step - gap, 2),
                    round(tall, 2),
                    title,
                    tone,
                    over,
                )
            )
    return Histogram(width, height, tuple(bars), label or "Distribution")


@dataclass(frozen=True)
class Spark:
    """A line through values, and the area below it."""

    path: str
    area: str
    label: str


def spark(values: Sequence[float], *, label: str = "", width: float = 96, height: float = 24) -> Spark | None:
    """A sparkline of at least two values."""
    if len(values) < 2:
        return None
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    step = width / (len(values) - 1)
    points = [
        (round(i * step, 1), round(height - 2 - (height - 4) * (v - low) / span, 1)) for i, v in enumerate(values)
    ]
    line = "M" + "L".join(f"{x} {y}" for x, y in points)
    return Spark(line, f"{line}L{width} {height}L0 {height}z", label or f"{number(values[0])} to {number(values[-1])}")


@dataclass(frozen=True)
class Interval:
    """A value between the ends of its interval, as places on a line of 168 pixels; `reference` is a mark to compare with."""

    value: float
    low: float
    high: float
    reference: float | None
    tone: str
    label: str


def interval(
    value: float,
    low: float,
    high: float,
    *,
    scale: tuple[float, float],
    reference: float | None = None,
    tone: str = "1",
) -> Interval:
    """Place an estimate on the `scale` (least, most) of its table."""
    least, most = scale
    span = (most - least) or 1.0

    def place(number_: float) -> float:
        return round(8 + 152 * min(max((number_ - least) / span, 0.0), 1.0), 1)

    label = f"{number(value)}, 95 % interval {number(low)} to {number(high)}"
    return Interval(place(value), place(low), place(high), None if reference is None else place(reference), tone, label)


def scale_of(values: Sequence[float]) -> tuple[float, float]:
    """A scale on which all the values fit, with a little air."""
    if not values:
        return (0.0, 1.0)
    low, high = min(values), max(values)
    air = (high - low) * 0.06 or 0.01
    return (low - air, high + air)
