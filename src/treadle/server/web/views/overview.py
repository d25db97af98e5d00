"""The loop at a glance: each stage of the ring with its state and latest number, the newest decisions, what serves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from treadle.server.declared import declared
from treadle.server.web.drawing.ring import Ring, Stage, draw_ring
from treadle.server.web.views.making import making_stages, primary_metric
from treadle.server.web.views.metrics import MetricRow
from treadle.server.web.views.models import champion_of, newest_of
from treadle.server.web.views.running import Now, Running
from treadle.server.web.views.subjects import subject_link
from treadle.server.web.words import seconds

if TYPE_CHECKING:
    from treadle.evidence import Evidence
    from treadle.pipelines import Execution
    from treadle.registry import ModelVersion
    from treadle.server.web.views.traffic import Logs
    from treadle.workspace import Workspace


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
    declared: bool
    ring: Ring
    stages: tuple[Stage, ...]
    champion: ModelVersion | None
    newest: ModelVersion | None
    primary: MetricRow | None
    gates: tuple[int, int]
    executions: tuple[Execution, ...]
    decisions: tuple[Decision, ...]
    endpoints: tuple[Served, ...]
    now: Now
    score: str
    elsewhere: bool  # the project lives in replayed time, executions in the machine's
    problem: str


def overview(workspace: Workspace, logs: Logs, wanted: str) -> Overview:
    """Gather it; an unknown loop falls back to the first."""
    known = declared(workspace)
    models = {model.name: model for model in workspace.registry.models()}
    loops = tuple(dict.fromkeys([*(loop.name for loop in known.loops), *models]))
    name = wanted if wanted in loops else next(iter(loops), "")
    champion = champion_of(workspace, models[name]) if name in models else None
    newest = newest_of(workspace, name) if name in models else None
    executions = tuple(workspace.pipelines.list(limit=6))
    mine = next(iter(workspace.pipelines.list(limit=1, pipeline=name)), None) if name else None
    traffic = logs.of(workspace, name) if name in {e.name for e in workspace.endpoints.list()} else None
    home = f"/models/{quote(name)}" if name in models else "/models"
    running = Running(workspace, name, known.loop(name), champion, newest, traffic)
    stages = (*making_stages(workspace, home, mine, newest), *running.stages(home))
    judged = champion or newest
    records = workspace.ledger.latest(judged.subject) if judged else []
    required = [r for r in records if judged and r.check in judged.gates]
    return Overview(
        loops=loops,
        loop=name,
        declared=known.loop(name) is not None,
        ring=draw_ring(stages),
        stages=stages,
        champion=champion,
        newest=newest,
        primary=primary_metric(workspace, judged),
        gates=(sum(r.verdict.status == "passed" for r in required), len(judged.gates) if judged else 0),
        executions=executions,
        decisions=decisions(workspace),
        endpoints=served(workspace, logs),
        now=running.now(),
        score=f"{workspace.readiness.score().final:g}" if name else "",
        elsewhere=abs(workspace.clock.now() - workspace.clock.wall()) > timedelta(days=1),
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


def stage_counts(stages: Sequence[Stage]) -> str:
    """The ring in one sentence, for who cannot see it."""
    return "; ".join(f"{stage.name}: {stage.value}" for stage in stages)
