"""The monitors every loop has unless it says otherwise."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from treadle.evaluation import primary_metric
from treadle.models import Task
from treadle.monitoring.checks.answers import LabelDrift, PredictionDrift
from treadle.monitoring.checks.dependencies import Dependencies
from treadle.monitoring.checks.drift import Drift
from treadle.monitoring.checks.load import Latency, Throughput
from treadle.monitoring.checks.quality_drop import QualityDrop
from treadle.monitoring.checks.requests import Finite, OutOfRange, RequestInvariants
from treadle.monitoring.checks.skew import Skew
from treadle.monitoring.checks.slow_leak import SlowLeak
from treadle.monitoring.checks.stale import FeatureJobs, Stale, StaleStage
from treadle.monitoring.monitor import Monitor

if TYPE_CHECKING:
    from treadle.evidence import Check
    from treadle.monitoring.window import LiveWindow


def standard_monitors(task: Task) -> tuple[Check[LiveWindow], ...]:
    """The standard monitors of a task.

    >>> [monitor.name for monitor in standard_monitors("binary")][:2]
    ['drift', 'drift(over=28d, every=7d)']
    """
    live = {"regression": "rmse"}.get(task, primary_metric(task))
    return (
        Drift(),
        Drift(over="28d", every="7d"),
        PredictionDrift(),
        PredictionDrift(over="28d", every="7d"),
        LabelDrift(),
        LabelDrift(over="28d", every="7d"),
        QualityDrop(live),
        QualityDrop(live, over="28d", every="7d"),
        SlowLeak(live),
        Skew(),
        RequestInvariants(),
        OutOfRange(),
        Finite(severity="critical"),
        Stale(),
        StaleStage(),
        FeatureJobs(),
        Latency(),
        Throughput(),
        Dependencies(),
    )


def monitors_of(
    task: Task, own: Sequence[Check[LiveWindow]] = (), without: Collection[str] = ()
) -> tuple[Check[LiveWindow], ...]:
    """The standard monitors but for those left out by name, then `own`.

    An own one replaces the standard one that asks the same of windows of the same length.
    """
    names = {monitor.name for monitor in own}
    asked = {_asked(monitor) for monitor in own}
    standard = [m for m in standard_monitors(task) if m.name not in {*without, *names} and _asked(m) not in asked]
    return (*standard, *own)


def _asked(monitor: Check[Any]) -> tuple[Any, ...]:
    length = monitor.length if isinstance(monitor, Monitor) else None
    return type(monitor), getattr(monitor, "metric", None), length
