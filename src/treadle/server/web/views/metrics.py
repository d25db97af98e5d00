"""Metrics of an evaluation as rows of a table: values with intervals on one scale, beside a rival's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from treadle.server.web.drawing.small import Interval, interval, scale_of
from treadle.server.web.naming import metric_title

_PRIMARY = {"binary": "roc_auc", "multiclass": "accuracy", "regression": "r2"}


@dataclass(frozen=True)
class MetricRow:
    """One metric with its interval, and the same metric of a rival where there is one."""

    name: str
    title: str
    value: float | None
    low: float | None = None
    high: float | None = None
    rival: float | None = None
    drawing: Interval | None = None


def metric_rows(metrics: Mapping[str, Any], rival: Mapping[str, Any] | None = None) -> list[MetricRow]:
    """A row for each metric, the estimates drawn on a scale of their own with the rival's value as reference."""
    rows = []
    for name, found in metrics.items():
        value, low, high = estimate_of(found)
        other = estimate_of((rival or {}).get(name))[0]
        drawing = None
        if value is not None and low is not None and high is not None:
            scale = scale_of([v for v in (low, high, value, other) if v is not None])
            drawing = interval(value, low, high, scale=scale, reference=other)
        rows.append(MetricRow(name, metric_title(name), value, low, high, other, drawing))
    return rows


def estimate_of(found: Any) -> tuple[float | None, float | None, float | None]:
    """Value and ends of the interval of a metric, however it was kept."""
    if isinstance(found, Mapping):
        return found.get("value"), found.get("low"), found.get("high")
    if isinstance(found, int | float):
        return float(found), None, None
    return None, None, None


def primary_of(task: str, names: Sequence[str]) -> str:
    """The metric a task is judged by, if it was measured; else the first."""
    wanted = _PRIMARY.get(task, "")
    if wanted in names:
        return wanted
    return next((name for name in _PRIMARY.values() if name in names), names[0] if names else "")
