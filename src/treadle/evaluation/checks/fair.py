"""Are groups treated alike?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from treadle.evaluation.context import CandidateContext
from treadle.evaluation.fairness import Criterion, fairness_gap, said_of
from treadle.evidence import Check, Reaction, Stage, Verdict


@dataclass(frozen=True)
class Fair(Check[CandidateContext]):
    """Do the groups of this column get positive answers alike?

    `within` bounds the gap between the best and the worst group of at least `min_rows` rows, by the `criterion`
    (`demographic_parity`, `equal_opportunity` or `predictive_parity`). The evaluation must be sliced by the `columns`.

    >>> Fair("region", criterion="equal_opportunity", reaction="warn").name
    'fair(region, criterion=equal_opportunity)'
    """

    stage: ClassVar[Stage] = "candidate"
    column: str
    within: float = 0.1
    criterion: Criterion = "demographic_parity"
    min_rows: int = 100
    reaction: Reaction = field(default="block", kw_only=True)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns the evaluation must be sliced by."""
        return (self.column,)

    def run(self, context: CandidateContext) -> Verdict:
        """Judge the gap between the groups."""
        evaluation = context.evaluation
        if all(one.column != self.column for one in evaluation.slices):
            return Verdict.of(False, summary=f"The model was not evaluated by {self.column}.")
        found = fairness_gap(evaluation, self.column, self.criterion, min_rows=self.min_rows)
        if found is None:
            return Verdict.of(
                False,
                threshold=self.within,
                summary=f"Fewer than two groups of {self.column} have {self.min_rows:,} rows to be compared on.",
            )
        return Verdict.of(
            found.gap <= self.within,
            value=found.gap,
            threshold=self.within,
            summary=(
                f"By {self.column}, {found.highest} and {found.lowest} are {found.gap:.1%} apart: {found.highest_rate:.1%} "
                f"{said_of(self.criterion)} against {found.lowest_rate:.1%}."
            ),
            rates=found.rates,
            criterion=self.criterion,
        )
