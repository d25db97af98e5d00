"""A verdict that was written down, and a mark in the book to find the place again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from treadle.clock import as_utc, parse_moment
from treadle.errors import InvalidInput
from treadle.evidence.check import Reaction, Stage
from treadle.evidence.subject import Subject
from treadle.evidence.verdict import Verdict


@dataclass(frozen=True)
class Evidence:
    """One run of one check, as the ledger keeps it.

    `sequence` counts from 1 within the project; `digest` is the link of the chain, over everything here, the body and the
    `previous` digest. `recorded_at` is the machine's time, `business_at` and `expires_at` are business time.
    """

    id: str
    sequence: int
    check: str
    stage: Stage
    subject: Subject
    verdict: Verdict
    recorded_at: datetime
    business_at: datetime
    principal: str
    execution: str | None
    reaction: Reaction
    expires_at: datetime | None
    previous: str
    digest: str
    erased: bool = False

    @property
    def blocks(self) -> bool:
        """Whether this verdict stops what asked for it."""
        return self.reaction == "block" and self.verdict.status in ("failed", "error")

    def expired(self, now: datetime) -> bool:
        """Whether the evidence is too old at business time `now` to count as fresh; it stays evidence all the same."""
        return self.expires_at is not None and as_utc(now) >= self.expires_at


@dataclass(frozen=True)
class Checkpoint:
    """A place in the chain to keep outside: a ledger that no longer has this digest there was changed or cut short."""

    project: str
    sequence: int
    digest: str
    at: datetime

    def __str__(self) -> str:
        return f"treadle-checkpoint {self.sequence} {self.digest} {self.at.isoformat()} {self.project}"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """The checkpoint that `str(checkpoint)` wrote; raises `InvalidInput` for anything else."""
        words = text.strip().split(" ", 4)
        if len(words) != 5 or words[0] != "treadle-checkpoint" or not words[1].isdecimal() or len(words[2]) != 64:
            raise InvalidInput(
                "That is not a checkpoint of a ledger.",
                mend="Give the whole line that `treadle audit checkpoint` printed.",
                field="anchor",
            )
        return cls(words[4], int(words[1]), words[2], parse_moment(words[3], field="anchor"))
