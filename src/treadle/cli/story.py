"""What a replayed loop has to tell: its predictions by month, versions, retrainings, alerts, rollouts and score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from treadle.cli import shapes

if TYPE_CHECKING:
    import pyarrow as pa

    from treadle.evidence import Evidence
    from treadle.loop import Loop
    from treadle.monitoring import Alert
    from treadle.readiness import Score
    from treadle.registry import ModelVersion
    from treadle.retraining import Request
    from treadle.rollouts import Rollout
    from treadle.workspace import Workspace


@dataclass(frozen=True)
class Month:
    """The predictions of one month and how they turned out."""

    name: str
    predictions: int
    labelled: int
    positive: float | None  # the share of labelled ones that turned out positive
    roc_auc: float | None
    versions: tuple[int, ...]


@dataclass
class Story:
    """Everything the demo has to tell."""

    folder: Path
    model: str
    rows: Mapping[str, int] = field(default_factory=dict)
    selection: str = ""
    expected: int = 0
    requests: int = 0
    dropped: int = 0
    labels: int = 0
    months: list[Month] = field(default_factory=list)
    versions: list[tuple[ModelVersion, list[Evidence]]] = field(default_factory=list)
    retrainings: list[Request] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    rollouts: list[Rollout] = field(default_factory=list)
    score: Score | None = None
    address: str = ""
    sample: str = ""  # the id of a prediction
    seconds: dict[str, float] = field(default_factory=dict)

    def why(self, version: ModelVersion) -> str:
        """Why a version was refused, or did not go on from being a candidate; nothing for one that did."""
        if version.refused_why or version.status != "candidate":
            return version.refused_why
        return next((each.why for each in self.retrainings if each.version == version.number), "")

    @property
    def predictions(self) -> int:
        """How many rows were answered."""
        return sum(month.predictions for month in self.months)


def read_story(story: Story, opened: Workspace, loop: Loop, begin: datetime, end: datetime, zone: ZoneInfo) -> Story:
    """Read from the workspace what came of `loop` between two moments."""
    chosen = opened.ledger.find(check=f"enough_rows({loop.name})", limit=1, newest_first=False)
    story.selection = chosen[0].verdict.summary if chosen else ""
    story.months = months(opened, loop.name, begin, end, zone)
    story.labels = sum(month.labelled for month in story.months)
    ids = opened.observations.predictions(loop.name, end - timedelta(days=1), end, columns=["id"])["id"]
    story.sample = ids[-1].as_py() if len(ids) else ""
    story.versions = [
        (version, [each for each in opened.ledger.latest(version.subject) if each.stage == "candidate"])
        for version in reversed(opened.registry.versions(loop.name))
    ]
    story.retrainings = list(opened.retraining.list(loop.name))
    story.alerts = list(opened.alerts.list())
    story.rollouts = list(opened.rollouts.list(loop.name))
    story.score = opened.readiness.score()
    return story


def months(opened: Workspace, endpoint: str, begin: datetime, end: datetime, zone: ZoneInfo) -> list[Month]:
    """Each calendar month of the place the loop lives in."""
    found = []
    while begin < end:
        local = begin.astimezone(zone)
        after = (local.replace(day=1) + timedelta(days=32)).replace(day=1).astimezone(begin.tzinfo)
        found.append(_month(f"{local:%B}", opened.observations.predictions(endpoint, begin, min(after, end))))
        begin = after
    return found


def document(story: Story) -> dict[str, Any]:
    """What `--json` writes."""
    score = story.score
    return {
        **story.rows,
        "predictions": story.predictions,
        "requests": story.requests,
        "dropped_requests": story.dropped,
        "unanswered": story.expected - story.predictions,
        "labels": story.labels,
        "model": story.model,
        "months": [
            {
                "month": month.name,
                "predictions": month.predictions,
                "labelled": month.labelled,
                "positive_share": month.positive,
                "roc_auc": month.roc_auc,
                "versions": list(month.versions),
            }
            for month in story.months
        ],
        "versions": [_version(version, evidence, story.why(version)) for version, evidence in story.versions],
        "retrainings": story.retrainings,
        "alerts": story.alerts,
        "rollouts": [_rollout(each) for each in story.rollouts],
        "score": {
            **score.sections,
            "final": score.final,
        }
        if score
        else None,
        "seconds": story.seconds,
        "address": story.address,
    }


def _version(version: ModelVersion, evidence: list[Evidence], why: str) -> dict[str, Any]:
    return {
        "number": version.number,
        "made_at": version.created_at,
        "trigger": version.trigger,
        "tags": dict(version.tags),
        "outcome": version.status,
        "reason": why,
        "aliases": list(version.aliases),
        "metrics": {name: shapes.measured(value) for name, value in version.metrics.items()},
        "gates": [
            {
                "name": each.check,
                "status": each.verdict.status,
                "value": each.verdict.value,
                "threshold": each.verdict.threshold,
                "summary": each.verdict.summary,
            }
            for each in evidence
        ],
    }


def _rollout(rollout: Rollout) -> dict[str, Any]:
    figures = rollout.figures
    return {
        "id": rollout.id,
        "version": rollout.version,
        "champion": rollout.champion,
        "state": rollout.state,
        "outcome": rollout.outcome,
        "reason": rollout.reason or rollout.why,
        "started_at": rollout.started_at,
        "ended_at": rollout.ended_at,
        "by": rollout.by,
        "p_value": figures.p_value,
        "samples": dict(figures.samples),
        "labelled": dict(figures.labelled),
        "difference": figures.difference,
        "interval": [figures.low, figures.high],
    }


def _month(name: str, table: pa.Table) -> Month:
    import numpy as np

    from treadle.evaluation import evaluate

    known = table.filter(table["outcome"].is_valid())
    outcome, score = known["outcome"].to_numpy(), known["score"].to_numpy()
    mixed = len(outcome) > 0 and 0 < outcome.mean() < 1
    return Month(
        name,
        table.num_rows,
        known.num_rows,
        float(outcome.mean()) if len(outcome) else None,
        evaluate("binary", outcome.astype(int), (score >= 0.5).astype(int), score, classes=(0, 1))["roc_auc"].value
        if mixed
        else None,
        tuple(sorted(int(each) for each in np.unique(table["version"].to_numpy()))),
    )
