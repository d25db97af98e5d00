"""Simulated traffic whose days differ: the temperature of a day is shared by all its rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from treadle.monitoring import LiveWindow, Reference, Tables, Watched

START = datetime(2013, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def made(days: int, *, first: int = 0, rows: int = 300, seed: int = 0, **change: float) -> pa.Table:
    """Labelled predictions from day `first` on: `warmth` and `wind` swing by day, `plan` does not.

    `shift` moves the warmth, `noise` spoils the scores (0 to 1), `rate` moves the share of late ones.
    """
    rng = np.random.default_rng([seed, first])
    total = days * rows
    day = np.repeat(np.arange(first, first + days), rows)
    at = [
        START + timedelta(days=int(d), seconds=float(s)) for d, s in zip(day, rng.uniform(0, 86400, total), strict=True)
    ]
    of_day = rng.normal(0, 1, days)
    warmth = change.get("shift", 0.0) + np.repeat(of_day, rows) + rng.normal(0, 1, total)
    odds = -1 + change.get("rate", 0.0) + np.repeat(rng.normal(0, 0.3, days), rows) + rng.normal(0, 1.5, total)
    outcome = rng.random(total) < 1 / (1 + np.exp(-odds))
    noisy = rng.random(total) < change.get("noise", 0.0)
    score = np.where(noisy, rng.random(total), 1 / (1 + np.exp(-odds)))
    return pa.table(
        {
            "id": [f"{d}-{n}" for n, d in enumerate(day)],
            "at": pa.array(at, pa.timestamp("us", "UTC")),
            "warmth": warmth,
            "wind": np.repeat(rng.exponential(1, days), rows) + rng.exponential(1, total),
            "plan": rng.choice(["free", "basic", "gold"], total),
            "score": score,
            "predicted": np.where(score > 0.5, "True", "False"),
            "label": np.where(outcome, "True", "False"),
            "outcome": outcome.astype(float),
            "latency": rng.gamma(4, 0.001, total),
        }
    ).sort_by("at")


FEATURES = ("warmth", "wind", "plan")
WATCHED = Watched("late", "late", "binary", label="late")


@pytest.fixture(scope="session")
def traffic() -> Callable[..., pa.Table]:
    """Makes labelled predictions of some days."""
    return made


@pytest.fixture(scope="session")
def release() -> Reference:
    """A release made from 90 days."""
    rows = made(90)
    return Reference.of(rows, FEATURES, time="at", answers=rows.slice(60 * 300), task="binary")


@pytest.fixture
def window_of(release: Reference) -> Callable[..., LiveWindow]:
    """The window of all rows of a table, beside the release."""

    def make(rows: pa.Table, **more: Any) -> LiveWindow:
        moments = rows["at"].to_pylist() if rows.num_rows else [START]
        begin = min(moments).replace(hour=0, minute=0, second=0, microsecond=0)
        end = max(moments).replace(hour=0, minute=0, second=0, microsecond=0) + DAY
        settings = {"watched": WATCHED, "look": Tables(rows), "reference": release, "now": end, **more}
        return LiveWindow(begin, end, **settings)

    return make
