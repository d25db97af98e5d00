"""Runs: the list, one run, several side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from treadle.server.web.charts import specs
from treadle.server.web.views.metrics import metric_title

if TYPE_CHECKING:
    from treadle.tracking import Run
    from treadle.workspace import Workspace

MOST = 12  # runs that can still be told apart side by side
SHOWN_METRICS = 4


@dataclass(frozen=True)
class History:
    """A metric that has more than one value, as a chart."""

    metric: str
    spec: specs.Spec


@dataclass(frozen=True)
class RunView:
    """Everything on a run's page."""

    run: Run
    metrics: tuple[tuple[str, str, float], ...]
    histories: tuple[History, ...]
    children: tuple[Run, ...]
    versions: tuple[str, ...]


@dataclass(frozen=True)
class CompareRow:
    """One param, metric or tag of every run; `best` is the place of the best metric."""

    name: str
    title: str
    values: tuple[Any, ...]
    differs: bool
    best: int | None = None


@dataclass(frozen=True)
class Comparison:
    """Runs side by side."""

    runs: tuple[Run, ...]
    names: tuple[str, ...]
    params: tuple[CompareRow, ...]
    metrics: tuple[CompareRow, ...]
    tags: tuple[CompareRow, ...]
    histories: tuple[History, ...]


def metric_columns(runs: Sequence[Run]) -> tuple[str, ...]:
    """The metrics worth a column: those most of the runs have."""
    counts: dict[str, int] = {}
    for run in runs:
        for name in run.metrics:
            counts[name] = counts.get(name, 0) + 1
    ranked = sorted(counts, key=lambda name: (-counts[name], _rank(name), name))
    return tuple(ranked[:SHOWN_METRICS])


def run_view(workspace: Workspace, id: str) -> RunView:
    """Gather it."""
    tracker = workspace.tracker
    run = tracker.get(id)
    histories = []
    for name in run.metrics:
        points = tracker.history(id, name)
        if len(points) > 1:
            series = {run.name or run.id: [(p.step, p.value) for p in points]}
            histories.append(History(name, specs.metric_history(series, metric=metric_title(name))))
    made = [
        str(version)
        for model in workspace.registry.models()
        for version in workspace.registry.versions(model.name, limit=200)
        if version.run == id
    ]
    metrics = tuple(
        (name, metric_title(name), run.metrics[name]) for name in sorted(run.metrics, key=lambda n: (_rank(n), n))
    )
    return RunView(run, metrics, tuple(histories), tuple(tracker.children(id)), tuple(made))


def compare_runs(workspace: Workspace, ids: Sequence[str]) -> Comparison:
    """Gather up to `MOST` runs; a metric's best is the largest unless it is a loss or an error."""
    tracker = workspace.tracker
    runs = tuple(tracker.get(id) for id in list(dict.fromkeys(ids))[:MOST])
    names = _distinct(runs)
    histories = []
    for metric in sorted({name for run in runs for name in run.metrics}):
        series = {}
        for name, run in zip(names, runs, strict=True):
            points = tracker.history(run.id, metric) if metric in run.metrics else []
            if len(points) > 1:
                series[name] = [(p.step, p.value) for p in points]
        if series:
            histories.append(History(metric, specs.metric_history(series, metric=metric_title(metric))))
    return Comparison(
        runs=runs,
        names=names,
        params=_rows([run.params for run in runs]),
        metrics=_rows([run.metrics for run in runs], ranked=True),
        tags=_rows([run.tags for run in runs]),
        histories=tuple(histories),
    )


def _rows(columns: Sequence[Mapping[str, Any]], *, ranked: bool = False) -> tuple[CompareRow, ...]:
    rows = []
    for name in sorted({name for column in columns for name in column}):
        values = tuple(column.get(name) for column in columns)
        best = _best(name, values) if ranked else None
        rows.append(
            CompareRow(name, metric_title(name) if ranked else name, values, len({*map(str, values)}) > 1, best)
        )
    return tuple(sorted(rows, key=lambda row: (not row.differs, _rank(row.name), row.name)))


def _best(name: str, values: Sequence[Any]) -> int | None:
    known = [
        (value, place) for place, value in enumerate(values) if isinstance(value, int | float) and math.isfinite(value)
    ]
    if len({value for value, _ in known}) < 2 or _rank(name) == 9:
        return None
    small = any(word in name for word in ("loss", "error", "rmse", "mae", "mape", "brier"))
    return (min if small else max)(known)[1]


def _rank(name: str) -> int:
    order = ("roc_auc", "accuracy", "r2", "f1", "average_precision", "log_loss", "rmse", "mae")
    if name in order:
        return order.index(name)
    return 9 if name in ("seconds", "cpu_seconds", "rows") or name.startswith("trial_") else 8


def _distinct(runs: Sequence[Run]) -> tuple[str, ...]:
    names = [run.name or run.id[-6:] for run in runs]
    return tuple(
        name if names.count(name) == 1 else f"{name} …{run.id[-4:]}" for name, run in zip(names, runs, strict=True)
    )
