"""Whether groups of rows are treated alike by a binary classifier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from treadle.errors import InvalidInput, NotFound
from treadle.evaluation.evaluation import Evaluation

Criterion = Literal["demographic_parity", "equal_opportunity", "predictive_parity"]

_RATES: dict[str, tuple[str, str]] = {
    "demographic_parity": ("answered_positive", "of all rows answered positive"),
    "equal_opportunity": ("recall", "of truly positive rows found"),
    "predictive_parity": ("precision", "of positive answers right"),
}


@dataclass(frozen=True)
class FairnessGap:
    """How far apart the groups of a column are: the rate of the best and of the worst one, and their difference.

    Criteria: `demographic_parity` compares the share answered positive, `equal_opportunity` the recall (M. Hardt, E. Price,
    N. Srebro, NIPS 2016), `predictive_parity` the precision.
    """

    column: str
    criterion: Criterion
    highest: str
    highest_rate: float
    lowest: str
    lowest_rate: float
    rates: dict[str, float]

    @property
    def gap(self) -> float:
        """The difference of the two rates, between 0 and 1."""
        return self.highest_rate - self.lowest_rate


def fairness_gap(
    evaluation: Evaluation, column: str, criterion: Criterion = "demographic_parity", *, min_rows: int = 100
) -> FairnessGap | None:
    """The gap between the groups of a sliced column that have `min_rows` rows; None when fewer than two have.

    Raises `NotFound` when the evaluation was not sliced by the column, `InvalidInput` for a task other than binary.
    """
    if evaluation.task != "binary":
        raise InvalidInput("Fairness gaps are defined for binary tasks.", mend="Compare slices instead.", field="task")
    if criterion not in _RATES:
        raise NotFound.among("fairness criterion", criterion, _RATES, field="criterion")
    sliced = {one.column for one in evaluation.slices}
    if column not in sliced:
        raise NotFound.among("slice column", column, sliced, field="column")
    rates: dict[str, float] = {}
    for one in evaluation.slices:
        if one.column != column or one.n < min_rows:
            continue
        metric = one.metrics.get(_RATES[criterion][0])
        rate = one.answered_positive if criterion == "demographic_parity" else metric.value if metric else None
        if rate is not None:
            rates[one.value] = rate
    if len(rates) < 2:
        return None
    highest, lowest = max(rates, key=rates.__getitem__), min(rates, key=rates.__getitem__)
    return FairnessGap(column, criterion, highest, rates[highest], lowest, rates[lowest], rates)


def said_of(criterion: Criterion) -> str:
    """What the rate of a criterion is a share of, in words."""
    return _RATES[criterion][1]
