"""One feature in one window beside its distribution at release."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from treadle.clock import parse_moment
from treadle.errors import NotFound
from treadle.server.web.charts.timeline import Spec, distribution
from treadle.server.web.views.loops import Judged, monitor_of, windows

if TYPE_CHECKING:
    from treadle.loop import Loop
    from treadle.workspace import Workspace


@dataclass(frozen=True)
class FeatureDrift:
    """The page of one feature: its window, the release it is compared with, and the windows around it."""

    feature: str
    version: int | None
    begin: datetime | None
    end: datetime | None
    distance: float | None
    threshold: float | None
    chance: float | None
    moved: bool
    chart: Spec | None
    rows: int
    missing: tuple[float, float] | None  # at release and live
    earlier: str
    later: str
    evidence: str


def feature_drift(workspace: Workspace, loop: Loop, feature: str, end: str, over: str = "") -> FeatureDrift:
    """Read the window that ended at `end` (default: the newest one judged). Raises `NotFound` for an unknown feature."""
    drift = monitor_of(loop, "Drift", over)
    judged = [w for w in (windows(workspace, loop.name, drift.name) if drift else []) if w.detail.get("distances")]
    names = list(dict.fromkeys(name for window in judged for name in window.detail["distances"]))
    if feature not in names:
        raise NotFound.among("feature", feature, names, field="feature")
    wanted = parse_moment(end, field="end") if end else judged[-1].end
    place = min(range(len(judged)), key=lambda i: abs(judged[i].end - wanted))
    return _read(workspace, loop, feature, judged, place, over)


def _read(workspace: Workspace, loop: Loop, feature: str, judged: list[Judged], place: int, over: str) -> FeatureDrift:
    window = judged[place]
    number = window.detail.get("version")
    reference = workspace.monitoring.reference(loop.name, int(number)) if number else None
    column = reference.features.get(feature) if reference else None
    versions = [int(number)] if number else None  # during a canary another answers too, and the verdict is not about it
    table = workspace.observations.features(loop.name, window.begin, window.end, versions=versions)
    chart, missing = None, None
    if column is not None and feature in table.column_names and table.num_rows:
        import numpy as np

        live = np.bincount(column.bins.place(table[feature]), minlength=column.bins.size).astype(float)
        release = column.counts.total
        missing = (column.missing, float(live[-1] / max(live.sum(), 1)))
        chart = distribution(
            column.bins.names[:-1],
            (release[:-1] / max(release[:-1].sum(), 1)).tolist(),
            (live[:-1] / max(live[:-1].sum(), 1)).tolist(),
        )
    return FeatureDrift(
        feature=feature,
        version=number,
        begin=window.begin,
        end=window.end,
        distance=window.detail["distances"].get(feature),
        threshold=window.threshold,
        chance=window.detail.get("chances", {}).get(feature),
        moved=feature in window.detail.get("moved", ()),
        chart=chart,
        rows=table.num_rows,
        missing=missing,
        earlier=_link(loop, feature, judged, place, -1, over),
        later=_link(loop, feature, judged, place, 1, over),
        evidence=window.evidence,
    )


def _link(loop: Loop, feature: str, judged: list[Judged], place: int, way: int, over: str) -> str:
    """The next window a week on (or as much as a shorter window has), or nothing."""
    edge = judged[place].end + way * min(judged[place].end - judged[place].begin, timedelta(days=7))
    beyond = [w for w in judged if (w.end >= edge if way > 0 else w.end <= edge)]
    if not beyond:
        return ""
    end = (beyond[0] if way > 0 else beyond[-1]).end
    return f"/loops/{quote(loop.name)}/drift/{quote(feature, safe='')}?{urlencode(_asked(end.isoformat(), over))}"


def _asked(end: str, over: str) -> dict[str, str]:
    return {"end": end, "over": over} if over else {"end": end}
