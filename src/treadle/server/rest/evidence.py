"""`/evidence`: the ledger, its verification and its checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from treadle.clock import parse_moment
from treadle.evidence import Checkpoint, Stage, Status, Subject
from treadle.server.rest.bodies import EvidenceBody
from treadle.server.rest.given import Space

router = APIRouter(tags=["evidence"])


@dataclass
class BreakBody:
    """A place where the chain does not hold."""

    sequence: int
    id: str
    problem: str


@dataclass
class VerificationBody:
    """Whether the ledger is as it was written."""

    ok: bool
    records: int
    broken: list[BreakBody]


@dataclass
class CheckpointBody:
    """Where the ledger ends now, to be kept elsewhere; `text` is what `verify` takes as anchor."""

    project: str
    sequence: int
    digest: str
    at: datetime
    text: str


@router.get("/evidence")
def find(
    space: Space,
    subject: Annotated[str | None, Query(description="kind:id, such as model_version:late-arrival@2")] = None,
    check: str | None = None,
    stage: Stage | None = None,
    status: Annotated[list[Status] | None, Query()] = None,
    since: str | None = None,
    before: Annotated[int | None, Query(description="Only records before this sequence, to page backwards.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[EvidenceBody]:
    """Evidence that fits, newest first."""
    found = space.ledger.find(
        subject=Subject.parse(subject) if subject else None,
        check=check,
        stage=stage,
        status=status,
        since=parse_moment(since, field="since") if since else None,
        before=before,
        limit=limit,
    )
    return [EvidenceBody.of(each) for each in found]


@router.get("/evidence/verify")
def verify(space: Space, anchor: str | None = None) -> VerificationBody:
    """Go through the whole chain; with an `anchor` (a checkpoint kept elsewhere) also see that it is still the same book."""
    found = space.ledger.verify(Checkpoint.parse(anchor) if anchor else None)
    return VerificationBody(found.ok, found.records, [BreakBody(b.sequence, b.id, b.problem) for b in found.broken])


@router.get("/evidence/checkpoint")
def checkpoint(space: Space) -> CheckpointBody:
    """Where the ledger ends now."""
    found = space.ledger.checkpoint()
    return CheckpointBody(found.project, found.sequence, found.digest, found.at, str(found))


@router.get("/evidence/{id}")
def get(space: Space, id: str) -> EvidenceBody:
    """One record."""
    return EvidenceBody.of(space.ledger.get(id))
