"""The half of the ring that makes a version: from the data to the registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from treadle.errors import TreadleError
from treadle.server.online import freshness
from treadle.server.web.drawing.ring import Stage
from treadle.server.web.views.metrics import MetricRow, metric_rows, primary_of
from treadle.server.web.views.subjects import subject_link
from treadle.server.web.words import compact, number

if TYPE_CHECKING:
    from treadle.pipelines import Execution, StepRun
    from treadle.registry import ModelVersion
    from treadle.workspace import Workspace

_TONES = {"succeeded": "ok", "cached": "ok", "failed": "bad", "running": "busy", "cancelled": "idle", "skipped": "idle"}


def making_stages(
    workspace: Workspace, home: str, execution: Execution | None, newest: ModelVersion | None
) -> tuple[Stage, ...]:
    """Ingest, validate, features, train, evaluate, register, as the newest turn left them."""
    steps = {step.name: step for step in execution.steps} if execution else {}
    link = f"/executions/{execution.id}" if execution else "/executions"
    primary = primary_metric(workspace, newest)
    measured = f"{primary.title} {number(primary.value, 3)}" if primary else "not yet"
    page = f"{home}/{newest.number}" if newest else "/models"
    made = f"version {newest.number}" if newest else "not yet"
    return (
        _data_stage(workspace, steps, newest),
        _validation_stage(workspace, steps, newest, link),
        _feature_stage(workspace, steps),
        Stage("Train", "train", _trained(_documents(workspace, newest)), _tone(steps, "train"), f"{link}#train"),
        Stage("Evaluate", "evaluate", measured, _tone(steps, "evaluate"), page),
        Stage("Register", "package", made, _tone(steps, "register"), home),
    )


def primary_metric(workspace: Workspace, version: ModelVersion | None) -> MetricRow | None:
    """The metric the task is judged by, as measured on the test rows."""
    if version is None:
        return None
    evaluation = workspace.registry.document(version.model, version.number, "evaluation") or {}
    rows = metric_rows(evaluation.get("metrics") or version.metrics)
    name = primary_of(evaluation.get("task", ""), [row.name for row in rows])
    return next((row for row in rows if row.name == name), None)


def _data_stage(workspace: Workspace, steps: Mapping[str, StepRun], newest: ModelVersion | None) -> Stage:
    value, href = "no data yet", "/datasets"
    if newest and newest.dataset:
        try:
            version = workspace.datasets.find(newest.dataset)
            value, href = f"{compact(version.rows)} rows", f"/datasets/{version.dataset}/{version.number}"
        except TreadleError:
            value = newest.dataset
    elif names := workspace.datasets.names():
        value = f"{len(names)} datasets" if len(names) > 1 else "1 dataset"
    return Stage("Ingest", "ingest", value, _tone(steps, "ingest"), href)


def _feature_stage(workspace: Workspace, steps: Mapping[str, StepRun]) -> Stage:
    views = freshness(workspace)
    stale = sum(view.status == "stale" for view in views)
    count = sum(len(view.view.feature_names) for view in views)
    value = f"{count} in {len(views)} views" if views else "none declared"
    tone = _tone(steps, "join_features")
    if stale and tone == "ok":
        return Stage("Features", "features", f"{stale} of {len(views)} views stale", "warn", "/features")
    return Stage("Features", "features", value, tone, "/features")


def _validation_stage(
    workspace: Workspace, steps: Mapping[str, StepRun], newest: ModelVersion | None, link: str
) -> Stage:
    tone = _tone(steps, "validate")
    if newest is None or not newest.dataset:
        return Stage("Validate", "validate", "not yet", tone, f"{link}#validate")
    from treadle.evidence import Subject

    records = workspace.ledger.latest(Subject("dataset_version", newest.dataset))
    wrong = sum(r.verdict.status in ("failed", "warned", "error") for r in records)
    value = f"{wrong} of {len(records)} checks warn" if wrong else f"{len(records)} checks passed"
    href = subject_link("dataset_version", newest.dataset)
    return Stage("Validate", "validate", value, "warn" if wrong and tone == "ok" else tone, href)


def _trained(documents: Mapping[str, Any]) -> str:
    candidates = documents.get("candidates") or {}
    return f"{len(candidates)} candidate{'s' if len(candidates) != 1 else ''}" if candidates else "not yet"


def _documents(workspace: Workspace, version: ModelVersion | None) -> Mapping[str, Any]:
    if version is None:
        return {}
    return {"candidates": workspace.registry.document(version.model, version.number, "candidates")}


def _tone(steps: Mapping[str, StepRun], name: str) -> str:
    step = steps.get(name)
    return _TONES.get(step.status, "idle") if step else "idle"
