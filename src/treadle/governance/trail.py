"""The trail of decisions behind a version: registered, asked, promoted, rolled back, refused; in the order of the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from treadle.evidence import Ledger
    from treadle.registry import ModelVersion


@dataclass(frozen=True)
class TrailEntry:
    """One thing that happened: when (business time), who, what in a sentence, and the record that proves it."""

    at: datetime
    who: str
    what: str
    status: str
    evidence: str


def decision_trail(version: ModelVersion, ledger: Ledger, *, limit: int = 1_000) -> tuple[TrailEntry, ...]:
    """Everything on record about a version, oldest first, beginning with its registration."""
    made = TrailEntry(version.created_at, version.principal, f"{version} was registered.", "registered", "")
    records = ledger.find(subject=version.subject, limit=limit, newest_first=False)
    return (
        made,
        *(
            TrailEntry(r.business_at, r.principal, r.verdict.summary or r.check, r.verdict.status, r.id)
            for r in records
        ),
    )
