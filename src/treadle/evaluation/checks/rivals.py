"""Is the candidate better than doing nothing, than something simpler, and than what is in use?"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import ClassVar, Literal

from treadle.evaluation.comparison import Comparison
from treadle.evaluation.context import CandidateContext
from treadle.evidence import Check, Reaction, Stage, Verdict


@dataclass(frozen=True)
class BetterThanBaseline(Check[CandidateContext]):
    """Is the model surely better than always giving the same answer?

    Passes when the whole 95 % interval of the difference lies above zero.

    >>> BetterThanBaseline().reaction
    'block'
    """

    stage: ClassVar[Stage] = "candidate"

    def run(self, context: CandidateContext) -> Verdict:
        """Judge the comparison to the baseline on the same rows."""
        found = context.comparison_to_baseline
        if found is None:
            return Verdict.skipped("There is no baseline to compare with.")
        word = "surely better than" if found.better == "a" else "not surely better than"
        return _compared(found.better == "a", found, 0.0, f"{word} the baseline")


@dataclass(frozen=True)
class BetterThanSimple(Check[CandidateContext]):
    """Does the model's complexity buy anything over a simple model?

    Passes unless the simple model is as good or better; that usually only warns. A candidate that answers exactly like the simple
    model is one itself, and passes.

    >>> BetterThanSimple(by=0.01, reaction="block").name
    'better_than_simple(by=0.01)'
    """

    stage: ClassVar[Stage] = "candidate"
    by: float = 0.0
    reaction: Reaction = field(default="warn", kw_only=True)

    def run(self, context: CandidateContext) -> Verdict:
        """Judge the comparison to the simple model on the same rows."""
        found = context.comparison_to_simple
        if found is None:
            return Verdict.skipped("There is no simple model to compare with.")
        if found.low == found.high == 0.0:
            return Verdict.of(True, value=0.0, threshold=self.by, summary="The candidate is a simple model itself.")
        passed = found.difference > self.by
        word = "better than" if passed else "no better than"
        return _compared(passed, found, self.by, f"{word} the simple model")


@dataclass(frozen=True)
class NotWorseThanChampion(Check[CandidateContext]):
    """Is the model at most `by` worse than the champion on the same rows?

    `by` is in the unit of the metric. While there is no champion it passes and says so; with `first="block"` it fails then, for
    loops whose first version a person wants to promote.

    >>> NotWorseThanChampion(by=0.0).name
    'not_worse_than_champion(by=0.0)'
    """

    stage: ClassVar[Stage] = "candidate"
    by: float = 0.01
    first: Literal["pass", "block"] = "pass"

    def run(self, context: CandidateContext) -> Verdict:
        """Judge the comparison to the champion."""
        found = context.comparison_to_champion
        if found is None and context.champion is None:
            return Verdict.of(
                self.first == "pass", threshold=-self.by, summary="There is no champion yet: nothing to be worse than."
            )
        if found is None:
            return Verdict.skipped("The champion was not asked about the same rows.")
        passed = found.difference >= -self.by
        word = {"a": "better than", "b": "worse than", "tie": "as good as"}[found.better]
        within = "" if passed else f", by more than the {self.by:g} allowed"
        return _compared(passed, found, -self.by, f"{word} the champion{within}")


def _compared(passed: bool, found: Comparison, threshold: float, said: str) -> Verdict:
    summary = (
        f"The candidate is {said}: {found.metric} {found.a:.4f} against {found.b:.4f}, a gain of {found.difference:+.4f} "
        f"(95 % interval {found.low:+.4f} to {found.high:+.4f}) on the same {found.n:,} rows."
    )
    return Verdict.of(passed, value=found.difference, threshold=threshold, summary=summary, **asdict(found))
