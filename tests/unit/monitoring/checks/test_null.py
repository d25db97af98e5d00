"""The null test in small: years in which only chance happens, with days that differ, stay quiet; a real change does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from treadle.monitoring import LiveWindow, Monitor, Reference, Tables, Watched, standard_monitors
from treadle.monitoring.due import closed_windows

START = datetime(2013, 1, 1, tzinfo=UTC)
RELEASE = START + timedelta(days=90)
FEATURES = ["warmth", "wind", "plan"]


def failing(year: pa.Table) -> dict[str, list[datetime]]:
    """For each monitor that looks at traffic the ends of its failing windows after a release on day 90."""
    learned = year.slice(0, 90 * 150)
    reference = Reference.of(learned, FEATURES, time="at", answers=learned.slice(60 * 150), truth=learned)
    look, watched = Tables(year), Watched("late", "late", "binary")
    found: dict[str, list[datetime]] = {}
    for monitor in standard_monitors("binary"):
        assert isinstance(monitor, Monitor)
        spans = closed_windows(
            now=START + timedelta(days=270), first=RELEASE, judged=None, over=monitor.length, every=monitor.step
        )
        for begin, end in list(spans)[::2]:
            if monitor.run(LiveWindow(begin, end, watched, look, reference, 1, end)).status == "failed":
                found.setdefault(monitor.name, []).append(end)
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_a_year_of_chance_is_quiet(traffic: Callable[..., pa.Table], seed: int) -> None:
    assert failing(traffic(270, rows=150, seed=seed)) == {}


def test_a_year_that_changes_is_not(traffic: Callable[..., pa.Table]) -> None:
    year = pa.concat_tables([traffic(180, rows=150), traffic(90, first=180, rows=150, shift=4.0, noise=0.7)])
    found = failing(year)
    changed = START + timedelta(days=180)
    for name, latest in {"drift": 8, "quality_drop(roc_auc)": 12}.items():
        assert changed < found[name][0] <= changed + timedelta(days=latest)
