"""The shape of each noun in `--json` output: what scripts may rely on (docs/reference/json.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from treadle.datasets import DatasetDiff, DatasetVersion
    from treadle.evidence import Evidence
    from treadle.pipelines import Execution
    from treadle.registry import ModelVersion, Promotion, RegisteredModel
    from treadle.rollouts import Rollout
    from treadle.tracking import Run


def dataset_version(version: DatasetVersion) -> dict[str, Any]:
    """A snapshot of a dataset."""
    return {
        "dataset": version.dataset,
        "version": version.number,
        "rows": version.rows,
        "columns": [{"name": column.name, "type": column.type} for column in version.columns],
        "fingerprint": version.fingerprint,
        "created_at": version.created_at,
        "files": list(version.files),
        "note": version.note,
    }


def dataset_diff(diff: DatasetDiff) -> dict[str, Any]:
    """What differs between two dataset versions."""
    return {
        "before": diff.before,
        "after": diff.after,
        "added": diff.added,
        "removed": diff.removed,
        "changed": diff.changed,
        "columns_added": list(diff.columns_added),
        "columns_removed": list(diff.columns_removed),
        "columns_retyped": [
            {"name": name, "before": before, "after": after} for name, before, after in diff.columns_retyped
        ],
        "examples": list(diff.examples),
    }


def run(found: Run) -> dict[str, Any]:
    """A run of an experiment."""
    return {
        "id": found.id,
        "name": found.name,
        "experiment": found.experiment,
        "status": found.status,
        "started_at": found.started_at,
        "finished_at": found.finished_at,
        "params": dict(found.params),
        "metrics": dict(found.metrics),
        "tags": dict(found.tags),
    }


def execution(found: Execution) -> dict[str, Any]:
    """A running of a pipeline, with its steps."""
    return {
        "id": found.id,
        "pipeline": found.pipeline,
        "status": found.status,
        "started_at": found.started_at,
        "finished_at": found.finished_at,
        "error": found.error,
        "steps": [
            {
                "name": step.name,
                "status": step.status,
                "seconds": step.seconds,
                "cpu_seconds": step.cpu_seconds,
                "peak_memory": step.peak_memory,
                "attempts": step.attempts,
                "error": step.error,
            }
            for step in found.steps
        ],
    }


def model(found: RegisteredModel) -> dict[str, Any]:
    """A registered model."""
    return {
        "name": found.name,
        "versions": found.versions,
        "latest": found.latest,
        "aliases": dict(found.aliases),
        "created_at": found.created_at,
        "updated_at": found.updated_at,
    }


def model_version(found: ModelVersion) -> dict[str, Any]:
    """A version of a registered model."""
    return {
        "model": found.model,
        "version": found.number,
        "status": found.status,
        "aliases": list(found.aliases),
        "created_at": found.created_at,
        "digest": found.digest,
        "dataset": found.dataset,
        "run": found.run,
        "execution": found.execution,
        "metrics": {name: measured(value) for name, value in found.metrics.items()},
        "gates": list(found.gates),
        "trigger": found.trigger,
        "source": found.source,
        "tags": dict(found.tags),
    }


def promotion(found: Promotion) -> dict[str, Any]:
    """One move of an alias."""
    return {
        "id": found.id,
        "model": found.model,
        "alias": found.alias,
        "kind": found.kind,
        "from_version": found.from_version,
        "to_version": found.to_version,
        "who": found.who,
        "why": found.why,
        "override": found.override,
        "evidence": list(found.evidence),
        "at": found.at,
    }


def evidence(found: Evidence) -> dict[str, Any]:
    """One run of one check."""
    return {
        "id": found.id,
        "sequence": found.sequence,
        "check": found.check,
        "stage": found.stage,
        "subject": {"kind": found.subject.kind, "id": found.subject.id},
        "status": found.verdict.status,
        "value": found.verdict.value,
        "threshold": found.verdict.threshold,
        "summary": found.verdict.summary,
        "detail": dict(found.verdict.detail),
        "reaction": found.reaction,
        "recorded_at": found.recorded_at,
        "business_at": found.business_at,
        "expires_at": found.expires_at,
        "principal": found.principal,
        "execution": found.execution,
        "previous": found.previous,
        "digest": found.digest,
        "erased": found.erased,
    }


def measured(value: Any) -> Any:
    """A metric: a plain number, or one with its interval as `{"value", "low", "high"}`."""
    if isinstance(value, Mapping):
        return {name: value.get(name) for name in ("value", "low", "high")}
    if hasattr(value, "low"):
        return {"value": value.value, "low": value.low, "high": value.high}
    return value


def rollout(found: Rollout) -> dict[str, Any]:
    """A version on its way into live traffic."""
    figures = found.figures
    return {
        "id": found.id,
        "model": found.model,
        "version": found.version,
        "champion": found.champion,
        "state": found.state,
        "outcome": found.outcome,
        "reason": found.reason,
        "stage": found.stage,
        "stages": [{"share": each.share, "samples": each.samples} for each in found.stages],
        "share": found.share,
        "started_at": found.started_at,
        "entered_at": found.entered_at,
        "looked_at": found.looked_at,
        "ended_at": found.ended_at,
        "by": found.by,
        "why": found.why,
        "samples": dict(figures.samples),
        "in_stage": figures.in_stage,
        "labelled": dict(figures.labelled),
        "p_value": figures.p_value,
        "alpha": found.plan.alpha,
        "margin": found.plan.margin,
        "difference": figures.difference,
        "low": figures.low,
        "high": figures.high,
        "not_worse": figures.not_worse,
    }
