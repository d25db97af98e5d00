"""A move somebody asks for, and what the ledger says about it afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from treadle.registry.move import MoveKind, Promotion
from treadle.registry.promotion import Judgement
from treadle.registry.version import ModelVersion

if TYPE_CHECKING:
    from treadle.evidence import Verdict


@dataclass(frozen=True)
class Proposal:
    """Point `alias` at `version`, which until now points at version `held`; it stands on `evidence` (ids in the ledger)."""

    version: ModelVersion
    alias: str
    kind: MoveKind
    held: int | None
    who: str
    why: str
    override: str = ""
    evidence: tuple[str, ...] = ()

    def verdict(self, judgement: Judgement, environment: str) -> Verdict:
        """The judgement as a record: one sentence, and every reason in the detail."""
        from treadle.evidence import Verdict

        return Verdict.of(
            judgement.allowed,
            summary=f"{self.version} {self._outcome(judgement)}",
            alias=self.alias,
            from_version=self.held,
            to_version=self.version.number,
            environment=environment,
            who=self.who,
            why=self.why,
            override=self.override if judgement.overridden else "",
            reasons=list(judgement.reasons),
            evidence=list(self.evidence),
        )

    def done(self, judgement: Judgement, *, id: str, record: str, at: datetime) -> Promotion:
        """The move as it is remembered; `record` is the id of the ledger's record of it."""
        return Promotion(
            id=id,
            model=self.version.model,
            alias=self.alias,
            kind=self.kind,
            from_version=self.held,
            to_version=self.version.number,
            who=self.who,
            why=self.why,
            override=self.override if judgement.overridden else "",
            evidence=(*self.evidence, record),
            at=at,
        )

    def _outcome(self, judgement: Judgement) -> str:
        if not judgement.allowed:
            return f"was not made {self.alias}, as {self.who} asked: {'; '.join(judgement.reasons)}"
        done = f"became {self.alias}{' again' if self.kind == 'rollback' else ''} ({self.who}: {self.why})"
        if judgement.overridden:
            return f"{done} although {'; '.join(judgement.reasons)}, because {self.override}"
        return done
