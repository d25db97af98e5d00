"""What the page of the score shows: sections with their tests, and each scale's levels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from treadle.readiness import Maturity, Result, Score

_STATUS = {"automatic": "passed", "by hand": "warned", "attested": "warned", "none": "missing"}
_COMMAND = "treadle "


@dataclass(frozen=True)
class Line:
    """One test; `command` is set where the next step is one."""

    result: Result
    status: str
    points: str
    age: str
    command: str


@dataclass(frozen=True)
class Part:
    """One section with its sum; `weakest`: it decides the final score."""

    name: str
    points: str
    share: float
    weakest: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class View:
    """The whole page."""

    final: str
    earned: int
    parts: tuple[Part, ...]
    scales: tuple[tuple[str, Maturity, int], ...]


def view_of(score: Score) -> View:
    """The score in the shape of its page."""
    parts = tuple(
        Part(
            name,
            f"{points:g}",
            points / 7,
            points == score.final,
            tuple(_line(each) for each in score.results if each.test.section == name),
        )
        for name, points in score.sections.items()
    )
    scales = tuple((each.scale.capitalize(), each, each.standings[-1].level.number) for each in score.maturity)
    return View(f"{score.final:g}", sum(each.points > 0 for each in score.results), parts, scales)


def _line(result: Result) -> Line:
    command = result.next if result.next.startswith(_COMMAND) else ""
    return Line(result, _STATUS[result.kind], f"{result.points:g}", age_of(result.age), command)


def age_of(span: timedelta | None) -> str:
    """How old something is, shortly.

    >>> age_of(timedelta(days=3, hours=2)), age_of(timedelta(hours=5)), age_of(timedelta(0)), age_of(None)
    ('3 d', '5 h', 'now', '')
    """
    if span is None:
        return ""
    hours = int(span.total_seconds()) // 3600
    return f"{hours // 24} d" if hours >= 24 else f"{hours} h" if hours else "now"
