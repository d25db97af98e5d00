"""What REST answers with: plain shapes that change only by addition, whatever the rooms' own nouns become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from treadle.datasets import DatasetDiff, DatasetVersion
    from treadle.evidence import Decision, Evidence
    from treadle.lineage import Graph
    from treadle.pipelines import Execution
    from treadle.registry import ModelVersion, Promotion, RegisteredModel
    from treadle.tracking import Run


@dataclass
class ColumnBody:
    """A column of a dataset."""

    name: str
    type: str


@dataclass
class DatasetVersionBody:
    """A snapshot of a dataset."""

    dataset: str
    version: int
    rows: int
    columns: list[ColumnBody]
    fingerprint: str
    table_version: int
    created_at: datetime
    files: list[str]
    note: str

    @classmethod
    def of(cls, found: DatasetVersion) -> DatasetVersionBody:
        """The body of a dataset version."""
        return cls(
            dataset=found.dataset,
            version=found.number,
            rows=found.rows,
            columns=[ColumnBody(column.name, column.type) for column in found.columns],
            fingerprint=found.fingerprint,
            table_version=found.table_version,
            created_at=found.created_at,
            files=list(found.files),
            note=found.note,
        )


@dataclass
class DatasetDiffBody:
    """What differs between two dataset versions."""

    before: str
    after: str
    added: int
    removed: int
    changed: int
    columns_added: list[str]
    columns_removed: list[str]
    columns_retyped: list[tuple[str, str, str]]
    examples: list[dict[str, Any]]

    @classmethod
    def of(cls, found: DatasetDiff) -> DatasetDiffBody:
        """The body of a difference."""
        return cls(
            before=found.before,
            after=found.after,
            added=found.added,
            removed=found.removed,
            changed=found.changed,
            columns_added=list(found.columns_added),
            columns_removed=list(found.columns_removed),
            columns_retyped=list(found.columns_retyped),
            examples=list(found.examples),
        )


@dataclass
class RunBody:
    """A run of an experiment."""

    id: str
    name: str
    experiment: str
    status: str
    started_at: datetime
    finished_at: datetime | None
    params: dict[str, Any]
    metrics: dict[str, float]
    tags: dict[str, str]

    @classmethod
    def of(cls, found: Run) -> RunBody:
        """The body of a run."""
        return cls(
            id=found.id,
            name=found.name,
            experiment=found.experiment,
            status=found.status,
            started_at=found.started_at,
            finished_at=found.finished_at,
            params=dict(found.params),
            metrics=dict(found.metrics),
            tags=dict(found.tags),
        )


@dataclass
class StepBody:
    """One step of an execution."""

    name: str
    status: str
    inputs: list[str]
    reason: str
    attempts: int
    started_at: datetime | None
    finished_at: datetime | None
    seconds: float | None
    cpu_seconds: float | None
    peak_memory: int | None
    output: str | None
    error: str | None


@dataclass
class ExecutionBody:
    """A running of a pipeline, with its steps."""

    id: str
    pipeline: str
    status: str
    started_at: datetime
    finished_at: datetime | None
    error: str | None
    steps: list[StepBody]

    @classmethod
    def of(cls, found: Execution) -> ExecutionBody:
        """The body of an execution."""
        names = ("name", "status", "reason", "attempts", "started_at", "finished_at", "seconds", "cpu_seconds")
        more = ("peak_memory", "output", "error")
        return cls(
            id=found.id,
            pipeline=found.pipeline,
            status=found.status,
            started_at=found.started_at,
            finished_at=found.finished_at,
            error=found.error,
            steps=[
                StepBody(inputs=list(step.inputs), **{name: getattr(step, name) for name in (*names, *more)})
                for step in found.steps
            ],
        )


@dataclass
class ModelBody:
    """A registered model."""

    name: str
    versions: int
    latest: int
    aliases: dict[str, int]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, found: RegisteredModel) -> ModelBody:
        """The body of a model."""
        return cls(
            name=found.name,
            versions=found.versions,
            latest=found.latest,
            aliases=dict(found.aliases),
            created_at=found.created_at,
            updated_at=found.updated_at,
        )


@dataclass
class ModelVersionBody:
    """A version of a registered model."""

    model: str
    version: int
    status: str
    aliases: list[str]
    created_at: datetime
    digest: str
    dataset: str | None
    run: str | None
    execution: str | None
    metrics: dict[str, Any]
    gates: list[str]
    card: dict[str, Any]
    principal: str
    trigger: str
    source: str
    tags: dict[str, str]
    refused_why: str

    @classmethod
    def of(cls, found: ModelVersion) -> ModelVersionBody:
        """The body of a version."""
        return cls(
            model=found.model,
            version=found.number,
            status=found.status,
            aliases=list(found.aliases),
            created_at=found.created_at,
            digest=found.digest,
            dataset=found.dataset,
            run=found.run,
            execution=found.execution,
            metrics=dict(found.metrics),
            gates=list(found.gates),
            card=dict(found.card),
            principal=found.principal,
            trigger=found.trigger,
            source=found.source,
            tags=dict(found.tags),
            refused_why=found.refused_why,
        )


@dataclass
class GatesBody:
    """What the ledger says about a version's gates."""

    passed: bool
    missing: list[str]
    failed: list[str]
    warned: list[str]
    reasons: list[str]

    @classmethod
    def of(cls, found: Decision) -> GatesBody:
        """The body of a decision."""
        return cls(found.passed, list(found.missing), list(found.failed), list(found.warned), list(found.reasons))


@dataclass
class PromotionBody:
    """One move of an alias."""

    id: str
    model: str
    alias: str
    kind: str
    from_version: int | None
    to_version: int
    who: str
    why: str
    override: str
    evidence: list[str]
    at: datetime

    @classmethod
    def of(cls, found: Promotion) -> PromotionBody:
        """The body of a promotion or rollback."""
        return cls(
            id=found.id,
            model=found.model,
            alias=found.alias,
            kind=found.kind,
            from_version=found.from_version,
            to_version=found.to_version,
            who=found.who,
            why=found.why,
            override=found.override,
            evidence=list(found.evidence),
            at=found.at,
        )


@dataclass
class SubjectBody:
    """What evidence is about."""

    kind: str
    id: str


@dataclass
class EvidenceBody:
    """One run of one check."""

    id: str
    sequence: int
    check: str
    stage: str
    subject: SubjectBody
    status: str
    value: float | None
    threshold: float | None
    summary: str
    detail: dict[str, Any]
    reaction: str
    recorded_at: datetime
    business_at: datetime
    expires_at: datetime | None
    principal: str
    execution: str | None
    previous: str
    digest: str
    erased: bool

    @classmethod
    def of(cls, found: Evidence) -> EvidenceBody:
        """The body of a record of the ledger."""
        return cls(
            id=found.id,
            sequence=found.sequence,
            check=found.check,
            stage=found.stage,
            subject=SubjectBody(found.subject.kind, found.subject.id),
            status=found.verdict.status,
            value=found.verdict.value,
            threshold=found.verdict.threshold,
            summary=found.verdict.summary,
            detail=dict(found.verdict.detail),
            reaction=found.reaction,
            recorded_at=found.recorded_at,
            business_at=found.business_at,
            expires_at=found.expires_at,
            principal=found.principal,
            execution=found.execution,
            previous=found.previous,
            digest=found.digest,
            erased=found.erased,
        )


@dataclass
class EdgeBody:
    """One fact of the lineage."""

    source: str
    target: str
    relation: str


@dataclass
class GraphBody:
    """A part of the lineage; nodes and ends of edges are written `kind:id`."""

    nodes: list[str]
    edges: list[EdgeBody]
    complete: bool

    @classmethod
    def of(cls, found: Graph) -> GraphBody:
        """The body of a graph."""
        edges = [EdgeBody(str(edge.source), str(edge.target), edge.relation) for edge in found.edges]
        return cls([str(node) for node in found.nodes], edges, found.complete)


@dataclass
class PageBody:
    """Some of a long list; `next` asks for the following ones, None at the end."""

    items: list[Any] = field(default_factory=list)
    next: str | None = None


def plain(value: Any) -> Any:
    """Statistics, dataclasses and the like as plain JSON values."""
    import msgspec

    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    return msgspec.to_builtins(value)
