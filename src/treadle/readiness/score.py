"""The score: what each of the 28 tests earned and why, the four sums, and their minimum."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from treadle.readiness.levels import Maturity
from treadle.readiness.rubric import SECTIONS, Section, Test

Kind = Literal["automatic", "by hand", "attested", "none"]

# What the paper says of a score above each mark (table V).
MEANING: tuple[tuple[float, str], ...] = (
    (5.0, "Exceptional levels of automated testing and monitoring."),
    (3.0, "Strong levels of automated testing and monitoring, fit for what must not fail."),
    (2.0, "Reasonably tested, but more of those tests may be automated."),
    (1.0, "There has been a first pass at productionisation, but more is needed."),
    (0.0, "Not totally untested, but there may be serious holes in reliability."),
)
NOTHING = "More of a research project than a productionised system."
UNTRUSTED = "The ledger was changed after it was written, so it proves nothing: there is no score."


@dataclass(frozen=True)
class Proof:
    """A piece of evidence that a result rests on; `age` is in business time, `link` is where an attestation points to."""

    evidence: str
    check: str
    subject: str
    status: str
    summary: str
    principal: str
    automatic: bool
    at: datetime
    age: timedelta
    link: str = ""


@dataclass(frozen=True)
class Result:
    """What one test earned: its points, what earned or lost them, how old that is and until when it counts, what to do next.

    `expired`: there was a point, and only age took it.
    """

    test: Test
    points: float
    kind: Kind
    why: str
    proofs: tuple[Proof, ...]
    age: timedelta | None
    expires_at: datetime | None
    next: str
    expired: bool = False


@dataclass(frozen=True)
class Score:
    """All results at a moment of business time; without `trusted` the chain is broken and nothing counts."""

    at: datetime
    results: tuple[Result, ...]
    maturity: tuple[Maturity, ...]
    records: int
    broken: tuple[str, ...] = ()

    @property
    def trusted(self) -> bool:
        """Whether the ledger is as it was written."""
        return not self.broken

    def section(self, name: Section) -> float:
        """The points of one section."""
        return sum(result.points for result in self.results if result.test.section == name)

    @property
    def sections(self) -> dict[Section, float]:
        """The points of each section."""
        return {name: self.section(name) for name in SECTIONS}

    @property
    def final(self) -> float:
        """The ML Test Score: the least of the four sums."""
        return min(self.sections.values())

    @property
    def meaning(self) -> str:
        """What the paper says of such a score."""
        if not self.trusted:
            return UNTRUSTED
        return next((said for mark, said in MEANING if self.final > mark), NOTHING)

    def result(self, test: str) -> Result:
        """What one test earned, by its id."""
        return next(result for result in self.results if result.test.id == test)
