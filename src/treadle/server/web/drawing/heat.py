"""A heat map: one row a feature, one column a window, darker the further the feature moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

from treadle.server.web.naming import feature_title

ROW, TOP = 24, 24
NARROW, BROAD = 14, 46  # of a cell; as broad as the room allows
ROOM = 940
TOLD_FROM = 34  # a cell this broad says its number
_LETTER = 6.9  # the mean width of a letter of a label
_STEPS = 6


@dataclass(frozen=True)
class Reading:
    """The distance of a feature in the window that ended at `end`; None where it was not measured."""

    end: datetime
    distance: float | None
    moved: bool


@dataclass(frozen=True)
class Cell:
    """One rectangle; `shade` counts from 0 (as at release) to 6 (twice the threshold and more)."""

    x: int
    y: int
    shade: int
    moved: bool
    title: str
    href: str
    told: str


@dataclass(frozen=True)
class Line:
    """One row's label."""

    name: str
    title: str
    y: int
    href: str


@dataclass(frozen=True)
class Mark:
    """The day on which a window ends, over its column."""

    x: int
    text: str


@dataclass(frozen=True)
class Heat:
    """The whole drawing in its own units."""

    width: int
    height: int
    left: int
    cell: int
    cells: tuple[Cell, ...]
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...]
    threshold: float
    windows: int


def shade_of(distance: float | None, threshold: float) -> int:
    """How dark a distance is drawn: the threshold lies in the middle.

    >>> [shade_of(x, 0.2) for x in (None, 0.0, 0.05, 0.2, 0.5)]
    [0, 0, 1, 3, 6]
    """
    if distance is None or distance <= 0:
        return 0
    return min(_STEPS, int(distance / threshold * _STEPS / 2 + 0.5))


def draw_heat(
    loop: str, names: Sequence[str], readings: Sequence[Sequence[Reading]], *, threshold: float, over: str = ""
) -> Heat:
    """Lay it out; `readings` has a row for each name, all of them over the same windows."""
    columns = len(readings[0]) if readings else 0
    left = int(max((len(feature_title(name)) for name in names), default=0) * _LETTER) + 14
    cell = max(NARROW, min(BROAD, (ROOM - left) // max(columns, 1)))
    cells, lines = [], []
    for row, (name, line) in enumerate(zip(names, readings, strict=True)):
        y = TOP + row * ROW
        page = f"/loops/{quote(loop)}/drift/{quote(name, safe='')}"
        lines.append(Line(name, feature_title(name), y, _with(page, over=over)))
        for column, reading in enumerate(line):
            told = "not measured" if reading.distance is None else f"{reading.distance:.3f}"
            title = f"{name}, window to {reading.end:%-d %b %Y}: {told}{', moved' if reading.moved else ''}"
            href = _with(page, end=reading.end.isoformat(), over=over)
            shade = shade_of(reading.distance, threshold)
            short = "" if cell < TOLD_FROM or reading.distance is None else _short(reading.distance)
            cells.append(Cell(left + column * cell, y, shade, reading.moved, title, href, short))
    marks = _marks(readings[0] if readings else (), left, cell)
    size = left + columns * cell + 24, TOP + len(names) * ROW + 4
    return Heat(*size, left, cell, tuple(cells), tuple(lines), marks, threshold, columns)


def _with(page: str, **asked: str) -> str:
    kept = {name: value for name, value in asked.items() if value}
    return f"{page}?{urlencode(kept)}" if kept else page


def _short(distance: float) -> str:
    """A distance in the room of a cell."""
    return f"{distance:.1f}" if distance >= 1 else f"{distance:.2f}"[1:] if distance >= 0.005 else "0"


def _marks(line: Sequence[Reading], left: int, cell: int) -> tuple[Mark, ...]:
    """A date over the first column and wherever there is room for another."""
    found, free = [], -1.0
    for column, reading in enumerate(line):
        x = left + column * cell
        if x >= free:
            found.append(Mark(x, f"{reading.end:%-d %b}"))
            free = x + max(cell, 56)
    return tuple(found)
