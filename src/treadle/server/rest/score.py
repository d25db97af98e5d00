"""`/score`: the ML Test Score, its badge, and the word of people for what they did by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from treadle.readiness import badge, plain
from treadle.server.rest.bodies import EvidenceBody
from treadle.server.rest.given import Approver, Space, Why

router = APIRouter(tags=["readiness"])


@dataclass
class Attestation:
    """A person's word for a test done by hand: where the documented result is, what came out, how long it counts."""

    link: str
    note: Why
    expires: str = "90d"


@dataclass
class Withdrawal:
    """Why an attestation counts no more."""

    why: Why


@router.get("/score")
def score(space: Space) -> dict[str, Any]:
    """All 28 tests with their points, what earned or lost them and what to do next; the four sums, their minimum, the levels."""
    return plain(space.readiness.score())


@router.get("/score/badge.svg")
def picture(space: Space) -> Response:
    """The final score as a picture."""
    headers = {"Cache-Control": "no-cache"}
    return Response(badge(space.readiness.score()), media_type="image/svg+xml", headers=headers)


@router.post("/score/{test}/attestation", status_code=201)
def attest(test: str, body: Attestation, space: Space, grant: Approver) -> EvidenceBody:
    """Say on record that you did a test by hand: half a point until it expires."""
    who = grant.principal.name
    made = space.readiness.attest(test, link=body.link, note=body.note, expires=body.expires, principal=who)
    return EvidenceBody.of(made)


@router.post("/score/{test}/withdrawal", status_code=201)
def withdraw(test: str, body: Withdrawal, space: Space, grant: Approver) -> EvidenceBody:
    """Take an attestation back; both stay in the ledger."""
    return EvidenceBody.of(space.readiness.withdraw(test, why=body.why, principal=grant.principal.name))
