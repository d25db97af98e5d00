"""A promotion as it is remembered: which alias moved from where to where, by whom, why, on what evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

MoveKind = Literal["promotion", "rollback"]


@dataclass(frozen=True)
class Promotion:
    """One move of an alias; `evidence` are the ids of the ledger records it stands on.

    `override` is the reason a person gave to promote against the gates; empty when they all passed.
    """

    id: str
    model: str
    alias: str
    kind: MoveKind
    from_version: int | None
    to_version: int
    who: str
    why: str
    override: str
    evidence: tuple[str, ...]
    at: datetime

    def __str__(self) -> str:
        before = "nothing" if self.from_version is None else f"version {self.from_version}"
        return f"{self.model}: {self.alias} moved from {before} to version {self.to_version} by {self.who} ({self.why})"
