"""A loop through time: its quality and drift by window, what happened when, and how each feature moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from treadle.clock import parse_moment
from treadle.errors import NotFound
from treadle.evidence import Subject
from treadle.server.declared import declared
from treadle.server.web.charts.lanes import Reign, Span, lanes
from treadle.server.web.charts.timeline import Spec, drift_line, quality_line
from treadle.server.web.drawing.heat import Heat, Reading, draw_heat
from treadle.server.web.views.happenings import Happening, happenings
from treadle.server.web.views.models import champion_of
from treadle.server.web.views.retraining import Now, trigger_rows
from treadle.server.web.views.subjects import concerns

if TYPE_CHECKING:
    from treadle.evidence import Evidence
    from treadle.loop import Loop
    from treadle.registry import ModelVersion
    from treadle.rollouts import Rollout
    from treadle.workspace import Workspace

MOST_WINDOWS = 48  # columns of the heat map; with more windows, every second, third … is shown
_WINDOWS = 800
_MOST_ALERTS = 1_000  # live ones of all loops


@dataclass(frozen=True)
class LoopRow:
    """One loop in the list."""

    name: str
    task: str
    champion: ModelVersion | None
    alerts: int
    last: Happening | None


@dataclass(frozen=True)
class Judged:
    """One window that a monitor judged."""

    begin: datetime
    end: datetime
    status: str
    value: float | None
    threshold: float | None
    summary: str
    detail: Mapping[str, Any]
    evidence: str


@dataclass(frozen=True)
class Latest:
    """The newest word of one monitor."""

    monitor: str
    question: str
    record: Evidence | None


@dataclass(frozen=True)
class Length:
    """A length of windows to choose."""

    key: str
    name: str
    chosen: bool


@dataclass(frozen=True)
class LoopPage:
    """Everything on the page of one loop."""

    loop: Loop
    champion: ModelVersion | None
    lanes: Spec | None
    quality: Spec | None
    metric: str
    drift: Spec | None
    lengths: tuple[Length, ...]
    now_fires: Now
    rollout: Rollout | None
    happenings: list[Happening]
    monitors: tuple[Latest, ...]
    alerts: int
    now: datetime


def loop_named(workspace: Workspace, name: str) -> Loop:
    """A loop the project declares; raises `NotFound`."""
    known = declared(workspace)
    if known.problem is not None:
        raise known.problem
    found = known.loop(name)
    if found is None:
        raise NotFound.among("loop", name, [loop.name for loop in known.loops], field="loop")
    return found


def loop_rows(workspace: Workspace) -> list[LoopRow]:
    """Every declared loop."""
    rows = []
    for loop in declared(workspace).loops:
        found = happenings(workspace, loop.name)
        rows.append(
            LoopRow(
                loop.name,
                loop.label.task,
                _champion(workspace, loop.name),
                len(_live_alerts(workspace, loop.name)),
                found[0] if found else None,
            )
        )
    return rows


def loop_page(workspace: Workspace, name: str, over: str = "") -> LoopPage:
    """Gather it, with the monitors whose windows are `over` so long (default: the shortest there are).

    Raises `NotFound` for a loop that is not declared.
    """
    loop = loop_named(workspace, name)
    found, now = happenings(workspace, name), workspace.clock.now()
    lengths = lengths_of(loop, over)
    quality, drift = monitor_of(loop, "QualityDrop", over), monitor_of(loop, "Drift", over)
    judged = windows(workspace, name, quality.name) if quality else []
    moved = windows(workspace, name, drift.name) if drift else []
    metric = str(getattr(quality, "metric", ""))
    span = Span.of([*(each.at for each in found), *(each.end for each in (*judged[:1], *moved[:1]))], now)
    return LoopPage(
        loop=loop,
        champion=_champion(workspace, name),
        lanes=lanes(found, _reigns(workspace, name, now), span),
        quality=quality_line(judged, found, span, metric=metric) if any(w.value is not None for w in judged) else None,
        metric=metric,
        drift=drift_line(moved, found, span) if any(w.value is not None for w in moved) else None,
        lengths=lengths,
        now_fires=trigger_rows(workspace, loop),
        rollout=workspace.rollouts.active(name),
        happenings=found,
        monitors=tuple(_latest(workspace, name, monitor) for monitor in loop.watched.monitors),
        alerts=len(_live_alerts(workspace, name)),
        now=now,
    )


def lengths_of(loop: Loop, over: str) -> tuple[Length, ...]:
    """The lengths of windows to choose from, shortest first; the one of `over` (default: the shortest) is chosen."""
    kinds = ("QualityDrop", "Drift")
    spans = sorted({_length(m) for m in loop.watched.monitors if type(m).__name__ in kinds})
    keys = [f"{span / timedelta(days=1):g}d" for span in spans]
    chosen = over if over in keys else next(iter(keys), "")
    return tuple(Length(key, f"{key[:-1]} day{'s' if key != '1d' else ''}", key == chosen) for key in keys)


def monitor_of(loop: Loop, kind: str, over: str) -> Any:
    """The monitor of a kind whose windows have the chosen length, or one of that kind, or None."""
    found = [m for m in loop.watched.monitors if type(m).__name__ == kind]
    chosen = next((each.key for each in lengths_of(loop, over) if each.chosen), "")
    fitting = [m for m in found if f"{_length(m) / timedelta(days=1):g}d" == chosen]
    return next(iter([*fitting, *found]), None)


def _length(monitor: Any) -> timedelta:
    return monitor.length


def windows(workspace: Workspace, endpoint: str, check: str) -> list[Judged]:
    """The windows a monitor judged, oldest first; those that were too small are left out."""
    records = workspace.ledger.find(
        subject=Subject("endpoint", endpoint), check=check, stage="live", status=("passed", "failed"), limit=_WINDOWS
    )
    return [_judged(record) for record in reversed(records) if "end" in record.verdict.detail]


def drift_heat(workspace: Workspace, loop: Loop, over: str = "") -> Heat | None:
    """How far each feature was from its release in each window; None before the first window was judged."""
    drift = monitor_of(loop, "Drift", over)
    judged = windows(workspace, loop.name, drift.name) if drift else []
    judged = [window for window in judged if window.detail.get("distances")]
    if not judged:
        return None
    step = -(-len(judged) // MOST_WINDOWS)
    shown = judged[::-1][::step][::-1]
    threshold = next((w.threshold for w in shown if w.threshold), 0.2)
    names = _by_movement(shown)
    readings = [
        [
            Reading(
                window.end,
                window.detail["distances"].get(name),
                name in window.detail.get("moved", ()),
            )
            for window in shown
        ]
        for name in names
    ]
    return draw_heat(loop.name, names, readings, threshold=threshold, over=over)


def _champion(workspace: Workspace, model: str) -> ModelVersion | None:
    held = next((each for each in workspace.registry.models() if each.name == model), None)
    return champion_of(workspace, held) if held else None


def _reigns(workspace: Workspace, model: str, now: datetime) -> list[Reign]:
    """Who was champion when."""
    if all(each.name != model for each in workspace.registry.models()):
        return []
    moves = workspace.registry.history(model, "champion")[::-1]
    ends = [*(move.at for move in moves[1:]), now]
    return [
        Reign(move.to_version, move.at, end, f"/models/{quote(model)}/{move.to_version}")
        for move, end in zip(moves, ends, strict=True)
        if move.to_version is not None
    ]


def _by_movement(judged: Sequence[Judged]) -> list[str]:
    most: dict[str, float] = {}
    for window in judged:
        for name, distance in window.detail["distances"].items():
            most[name] = max(most.get(name, 0.0), float(distance or 0.0))
    return sorted(most, key=lambda name: -most[name])


def _judged(record: Evidence) -> Judged:
    detail = record.verdict.detail
    end = parse_moment(str(detail["end"]), field="end")
    begin = parse_moment(str(detail["begin"]), field="begin") if "begin" in detail else end - timedelta(days=7)
    verdict = record.verdict
    return Judged(begin, end, verdict.status, verdict.value, verdict.threshold, verdict.summary, detail, record.id)


def _latest(workspace: Workspace, endpoint: str, monitor: Any) -> Latest:
    found = workspace.ledger.find(subject=Subject("endpoint", endpoint), check=monitor.name, stage="live", limit=1)
    return Latest(monitor.name, monitor.question, found[0] if found else None)


def _live_alerts(workspace: Workspace, loop: str) -> list[Any]:
    return [a for a in workspace.alerts.list("live", limit=_MOST_ALERTS) if concerns(a.subject, loop)]
