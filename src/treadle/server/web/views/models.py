"""A model version with everything that speaks for and against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from treadle.errors import TreadleError
from treadle.server.web.charts import specs
from treadle.server.web.drawing.graph import Drawing
from treadle.server.web.drawing.small import Interval, interval, scale_of
from treadle.server.web.views.lineage import lineage_of
from treadle.server.web.views.metrics import MetricRow, estimate_of, metric_rows, metric_title, primary_of

if TYPE_CHECKING:
    from treadle.evidence import Evidence
    from treadle.models import Package
    from treadle.registry import Judgement, ModelVersion, Promotion, RegisteredModel
    from treadle.workspace import Workspace

MOVES = ("promotion", "rollback", "refusal")


@dataclass(frozen=True)
class GateRow:
    """A check of a version; `evidence` is None when it was never asked."""

    check: str
    required: bool
    status: str
    evidence: Evidence | None


@dataclass(frozen=True)
class SliceRow:
    """The primary metric on one part of the rows."""

    column: str
    value: str
    n: int
    positive: float | None
    metric: float | None
    drawing: Interval | None


@dataclass(frozen=True)
class Matrix:
    """A confusion matrix with shares of each true class; heat is 0 to 5."""

    classes: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[int, float, int], ...]], ...]


@dataclass(frozen=True)
class VersionView:
    """Everything on a version's page."""

    version: ModelVersion
    gates: tuple[GateRow, ...]
    others: tuple[GateRow, ...]
    judgement: Judgement
    primary: MetricRow | None
    metrics: tuple[MetricRow, ...]
    rival: str
    task: str
    n: int
    slices: tuple[SliceRow, ...]
    slice_metric: str
    calibration: specs.Spec | None
    calibration_error: float | None
    roc: specs.Spec | None
    precision_recall: specs.Spec | None
    matrix: Matrix | None
    contributions: specs.Spec | None
    candidates: tuple[tuple[str, str, float | None], ...]
    lineage: Drawing | None
    package: Package | None
    package_problem: str
    history: tuple[Promotion, ...]


@dataclass(frozen=True)
class ModelRow:
    """A model in the list."""

    model: RegisteredModel
    champion: ModelVersion | None
    primary: MetricRow | None
    newest: ModelVersion | None


def model_rows(workspace: Workspace) -> list[ModelRow]:
    """Every model with its champion."""
    found = []
    for model in workspace.registry.models():
        champion, newest = champion_of(workspace, model), newest_of(workspace, model.name)
        found.append(ModelRow(model, champion, primary_row(champion or newest), newest))
    return found


def champion_of(workspace: Workspace, model: RegisteredModel) -> ModelVersion | None:
    """The champion, where there is one, however many versions came after it."""
    return workspace.registry.get(model.name, "champion") if model.aliases.get("champion") else None


def newest_of(workspace: Workspace, model: str) -> ModelVersion | None:
    """The version registered last, where there is one."""
    return next(iter(workspace.registry.versions(model, limit=1)), None)


def primary_row(version: ModelVersion | None) -> MetricRow | None:
    """A version's main metric."""
    if version is None or not version.metrics:
        return None
    name = primary_of(str(version.card.get("task", "")), list(version.metrics))
    return next((row for row in metric_rows(version.metrics) if row.name == name), None)


def version_view(workspace: Workspace, version: ModelVersion) -> VersionView:
    """Gather it; parts that were never recorded stay empty."""
    registry = workspace.registry
    documents = {
        name: registry.document(version.model, version.number, name)
        for name in registry.documents(version.model, version.number)
    }
    evaluation: Mapping[str, Any] = documents.get("evaluation") or {}
    rivals: Mapping[str, Any] = documents.get("rivals") or {}
    against = "champion" if rivals.get("champion") else "baseline" if rivals.get("baseline") else ""
    rival: Mapping[str, Any] = rivals.get(against) or {}
    task = str(evaluation.get("task") or version.card.get("task") or "")
    metrics = metric_rows(evaluation.get("metrics") or version.metrics, rival.get("metrics"))
    primary = primary_of(task, [row.name for row in metrics])
    gates, others = _gates(workspace, version)
    package, problem = _package(workspace, version)
    calibration = evaluation.get("calibration") or {}
    return VersionView(
        version=version,
        gates=gates,
        others=others,
        judgement=registry.judge(version.model, version.number),
        primary=next((row for row in metrics if row.name == primary), None),
        metrics=tuple(metrics),
        rival=against,
        task=task,
        n=int(evaluation.get("n") or 0),
        slices=_slices(evaluation, primary),
        slice_metric=metric_title(primary) if primary else "",
        calibration=specs.calibration(calibration["told"], calibration["seen"], calibration["rows"])
        if calibration
        else None,
        calibration_error=calibration.get("error"),
        roc=_curve("roc", evaluation, rival, against),
        precision_recall=_curve("precision_recall", evaluation, rival, against),
        matrix=_matrix(evaluation.get("confusion")),
        contributions=_contributions(documents.get("contributions")),
        candidates=_candidates(documents.get("candidates"), primary),
        lineage=lineage_of(workspace, version.ref),
        package=package,
        package_problem=problem,
        history=tuple(m for m in registry.history(version.model) if version.number in (m.from_version, m.to_version)),
    )


def _gates(workspace: Workspace, version: ModelVersion) -> tuple[tuple[GateRow, ...], tuple[GateRow, ...]]:
    latest = {record.check: record for record in workspace.ledger.latest(version.subject)}
    gates = tuple(
        GateRow(name, True, latest[name].verdict.status if name in latest else "missing", latest.get(name))
        for name in version.gates
    )
    others = tuple(
        GateRow(name, False, record.verdict.status, record)
        for name, record in latest.items()
        if name not in version.gates and name not in MOVES
    )
    return gates, others


def _package(workspace: Workspace, version: ModelVersion) -> tuple[Package | None, str]:
    try:
        return workspace.models.load(version.digest), ""
    except TreadleError as error:
        return None, str(error)


def _slices(evaluation: Mapping[str, Any], metric: str) -> tuple[SliceRow, ...]:
    found = list(evaluation.get("slices") or ())
    whole = estimate_of((evaluation.get("metrics") or {}).get(metric))[0]
    estimates = [estimate_of((part.get("metrics") or {}).get(metric)) for part in found]
    scale = scale_of([v for e in estimates for v in e if v is not None] + ([whole] if whole is not None else []))
    rows = []
    for part, (value, low, high) in zip(found, estimates, strict=True):
        drawing = None
        if value is not None and low is not None and high is not None:
            drawing = interval(value, low, high, scale=scale, reference=whole)
        rows.append(SliceRow(part["column"], str(part["value"]), part["n"], part.get("positive"), value, drawing))
    return tuple(rows)


def _curve(name: str, mine: Mapping[str, Any], rival: Mapping[str, Any], against: str) -> specs.Spec | None:
    lines: dict[str, tuple[Sequence[float], Sequence[float]]] = {}
    for title, evaluation in (("this version", mine), (against, rival)):
        for line in evaluation.get("curves") or ():
            if line["name"] == name and title:
                lines[title] = (line["x"], line["y"])
    if not lines:
        return None
    if name == "roc":
        return specs.curve(lines, x="false-positive share", y="recall", diagonal=True)
    return specs.curve(lines, x="recall", y="precision", diagonal=False)


def _matrix(confusion: Mapping[str, Any] | None) -> Matrix | None:
    if not confusion:
        return None
    rows = []
    for name, counts in zip(confusion["classes"], confusion["counts"], strict=True):
        total = sum(counts) or 1
        cells = tuple(
            (count, count / total, min(5, round(5 * count / total + 0.3)) if count else 0) for count in counts
        )
        rows.append((str(name), cells))
    return Matrix(tuple(map(str, confusion["classes"])), tuple(rows))


def _contributions(document: Any) -> specs.Spec | None:
    pairs = _pairs(document)
    largest = sorted(pairs, key=lambda pair: -abs(pair[1]))[:20]
    return specs.contributions(largest) if largest else None


def _pairs(document: Any) -> list[tuple[str, float]]:
    """`[(feature, value)]` of contributions, kept as a mapping or as a list of `{feature, value}`."""
    if isinstance(document, Mapping):
        return [(str(name), float(value)) for name, value in document.items() if isinstance(value, int | float)]
    found = []
    for row in document or ():
        if isinstance(row, Mapping):
            name = row.get("feature") or row.get("name")
            value = row.get("mean_abs", row.get("value", row.get("contribution")))
            if isinstance(value, int | float):
                found.append((str(name), float(value)))
    return found


def _candidates(document: Any, metric: str) -> tuple[tuple[str, str, float | None], ...]:
    rows = []
    for name, metrics in (document or {}).items():
        value = estimate_of(metrics.get(metric))[0] if isinstance(metrics, Mapping) else estimate_of(metrics)[0]
        rows.append((str(name), metric_title(metric), value))
    return tuple(rows)
