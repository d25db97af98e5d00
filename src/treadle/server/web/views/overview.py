"""The loop at a glance: each stage of the ring with its state and latest number, the newest decisions, what serves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from treadle.errors import TreadleError
from treadle.server.declared import declared
from treadle.server.online import freshness
from treadle.server.web.drawing.ring import Ring, Stage, draw_ring
from treadle.server.web.views.metrics import MetricRow, metric_rows, primary_of
from treadle.server.web.views.subjects import subject_link
from treadle.server.web.words import compact, number, seconds

if TYPE_CHECKING:
    from treadle.evidence import Evidence
    from treadle.pipelines import Execution, StepRun
    from treadle.registry import ModelVersion, RegisteredModel
    from treadle.server.web.views.traffic import Logs, Traffic
    from treadle.workspace import Workspace

_TONES = {"succeeded": "ok", "cached": "ok", "failed": "bad", "running": "busy", "cancelled": "idle", "skipped": "idle"}


@dataclass(frozen=True)
class Served:
    """One endpoint in a line."""

    name: str
    version: int
    rows: int
    p50: str
    p99: str
    workers: int
    status: str


@dataclass(frozen=True)
class Decision:
    """A promotion, a rollback or a refusal, as a sentence."""

    text: str
    status: str
    at: datetime
    who: str
    href: str


@dataclass(frozen=True)
class Overview:
    """Everything on the first page; `loop` is the one shown of `loops`."""

    loops: tuple[str, ...]
    loop: str
    ring: Ring
    stages: tuple[Stage, ...]
    champion: ModelVersion | None
    newest: ModelVersion | None
    primary: MetricRow | None
    gates: tuple[int, int]
    executions: tuple[Execution, ...]
    decisions: tuple[Decision, ...]
    endpoints: tuple[Served, ...]
    problem: str


def overview(workspace: Workspace, logs: Logs, wanted: str) -> Overview:
    """Gather it; an unknown loop falls back to the first."""
    known = declared(workspace)
    models = {model.name: model for model in workspace.registry.models()}
    loops = tuple(dict.fromkeys([*(loop.name for loop in known.loops), *models]))
    name = wanted if wanted in loops else next(iter(loops), "")
    versions = workspace.registry.versions(name, limit=50) if name in models else []
    champion = next((v for v in versions if "champion" in v.aliases), None)
    newest = versions[0] if versions else None
    executions = tuple(workspace.pipelines.list(limit=6))
    mine = next(iter(workspace.pipelines.list(limit=1, pipeline=name)), None) if name else None
    traffic = logs.of(workspace, name) if name in {e.name for e in workspace.endpoints.list()} else None
    stages = _stages(workspace, name, mine, newest, models.get(name), traffic)
    judged = champion or newest
    records = workspace.ledger.latest(judged.subject) if judged else []
    required = [r for r in records if judged and r.check in judged.gates]
    return Overview(
        loops=loops,
        loop=name,
        ring=draw_ring(stages),
        stages=stages,
        champion=champion,
        newest=newest,
        primary=_primary(workspace, judged),
        gates=(sum(r.verdict.status == "passed" for r in required), len(judged.gates) if judged else 0),
        executions=executions,
        decisions=decisions(workspace),
        endpoints=served(workspace, logs),
        problem=str(known.problem) if known.problem else "",
    )


def decisions(workspace: Workspace, limit: int = 8) -> tuple[Decision, ...]:
    """The newest promotions, rollbacks and refusals."""
    found: list[Evidence] = []
    for check in ("promotion", "rollback", "refusal"):
        found.extend(workspace.ledger.find(check=check, limit=limit))
    found.sort(key=lambda e: e.sequence, reverse=True)
    refused = {e.subject for e in found if e.check == "refusal"}
    found = [e for e in found if e.check != "promotion" or e.verdict.status == "passed" or e.subject not in refused]
    return tuple(
        Decision(
            text=e.verdict.summary or f"{e.check} of {e.subject.id}",
            status="promoted" if e.verdict.status == "passed" else "refused",
            at=e.business_at,
            who=e.principal,
            href=subject_link(e.subject.kind, e.subject.id),
        )
        for e in found[:limit]
    )


def served(workspace: Workspace, logs: Logs) -> tuple[Served, ...]:
    """Every endpoint with its traffic."""
    workers = workspace.endpoints.workers()
    found = []
    for manifest in workspace.endpoints.list():
        traffic = logs.of(workspace, manifest.name)
        following = [w for w in workers if manifest.name in w.revisions]
        failing = any(manifest.name in w.failures for w in workers)
        status = "failed" if failing or traffic.problem else "serving" if following else "idle"
        p50, p99 = traffic.latency(0.5), traffic.latency(0.99)
        found.append(
            Served(manifest.name, manifest.version, traffic.rows, seconds(p50), seconds(p99), len(following), status)
        )
    return tuple(found)


def _primary(workspace: Workspace, version: ModelVersion | None) -> MetricRow | None:
    if version is None:
        return None
    evaluation = workspace.registry.document(version.model, version.number, "evaluation") or {}
    rows = metric_rows(evaluation.get("metrics") or version.metrics)
    name = primary_of(evaluation.get("task", ""), [row.name for row in rows])
    return next((row for row in rows if row.name == name), None)


def _stages(
    workspace: Workspace,
    name: str,
    execution: Execution | None,
    newest: ModelVersion | None,
    model: RegisteredModel | None,
    traffic: Traffic | None,
) -> tuple[Stage, ...]:
    steps = {step.name: step for step in execution.steps} if execution else {}
    link = f"/executions/{execution.id}" if execution else "/executions"
    documents = _documents(workspace, newest)
    primary = _primary(workspace, newest)
    home = f"/models/{name}" if model else "/models"
    champion = model.champion if model else None
    return (
        _data_stage(workspace, steps, newest),
        _validation_stage(workspace, steps, newest, link),
        _feature_stage(workspace, steps),
        Stage("Train", "train", _trained(documents), _tone(steps, "train"), f"{link}#train"),
        Stage(
            "Evaluate",
            "evaluate",
            f"{primary.title} {number(primary.value, 3)}" if primary else "not yet",
            _tone(steps, "evaluate"),
            f"{home}/{newest.number}" if newest else "/models",
        ),
        Stage(
            "Register", "package", f"version {newest.number}" if newest else "not yet", _tone(steps, "register"), home
        ),
        Stage(
            "Release",
            "release",
            _released(newest, champion),
            "bad" if newest and newest.status == "refused" else "ok" if champion else "idle",
            home,
        ),
        Stage(
            "Serve",
            "endpoints",
            f"{compact(traffic.rows)} predictions" if traffic else "no endpoint",
            "bad" if traffic and traffic.problem else "ok" if traffic else "idle",
            f"/endpoints/{name}" if traffic else "/endpoints",
        ),
        Stage("Monitor", "monitor", "not watched yet", "idle", "/status"),
    )


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


def _released(newest: ModelVersion | None, champion: int | None) -> str:
    if newest is not None and newest.status == "refused":
        return f"version {newest.number} refused"
    return f"version {champion} champion" if champion else "nothing promoted"


def _documents(workspace: Workspace, version: ModelVersion | None) -> Mapping[str, Any]:
    if version is None:
        return {}
    return {"candidates": workspace.registry.document(version.model, version.number, "candidates")}


def _tone(steps: Mapping[str, StepRun], name: str) -> str:
    step = steps.get(name)
    return _TONES.get(step.status, "idle") if step else "idle"


def stage_counts(stages: Sequence[Stage]) -> str:
    """The ring in one sentence, for who cannot see it."""
    return "; ".join(f"{stage.name}: {stage.value}" for stage in stages)
