"""Is the model good everywhere, not only on average?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from treadle.errors import InvalidInput
from treadle.evaluation.catalog import Metric, metric_named, primary_metric
from treadle.evaluation.context import CandidateContext
from treadle.evaluation.estimate import Estimate
from treadle.evaluation.slices import SliceMetrics
from treadle.evidence import Check, Reaction, Stage, Verdict

WORST = 10


@dataclass(frozen=True, init=False)
class Slices(Check[CandidateContext]):
    """Is no slice of these columns much worse than the whole?

    A slice of at least `min_rows` rows fails when its metric (left out: the task's primary one) is worse than that of all rows
    by more than `within` and its interval is surely worse than the whole. `within` is absolute for metrics between 0 and 1, and a
    share of the whole's value for others (for R², absolute).

    >>> Slices("origin", "carrier").name
    'slices(origin, carrier)'
    """

    stage: ClassVar[Stage] = "candidate"
    columns: tuple[str, ...]
    metric: str | None
    within: float
    min_rows: int

    def __init__(
        self,
        *columns: str,
        metric: str | None = None,
        within: float = 0.15,
        min_rows: int = 200,
        reaction: Reaction = "block",
    ) -> None:
        if not columns or not all(isinstance(column, str) for column in columns):
            raise InvalidInput("Slices takes the names of columns.", mend='Write Slices("origin").', field="columns")
        if metric is not None:
            metric_named(metric)
        values: dict[str, Any] = {
            "columns": columns, "metric": metric, "within": within, "min_rows": min_rows, "reaction": reaction
        }  # fmt: skip
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def name(self) -> str:
        """The columns, and those parameters that are not the default."""
        said = list(self.columns)
        said += [f"metric={self.metric}"] if self.metric is not None else []
        said += [f"within={self.within}"] if self.within != 0.15 else []
        said += [f"min_rows={self.min_rows}"] if self.min_rows != 200 else []
        return f"slices({', '.join(said)})"

    def run(self, context: CandidateContext) -> Verdict:
        """Judge every large enough slice against the whole."""
        evaluation = context.evaluation
        missing = [name for name in self.columns if all(one.column != name for one in evaluation.slices)]
        if missing:
            return Verdict.of(False, summary=f"The model was not evaluated by {', '.join(missing)}.", missing=missing)
        metric = metric_named(self.metric or primary_metric(evaluation.task), evaluation.task)
        whole = evaluation.metrics.get(metric.name)
        if whole is None:
            return Verdict.of(False, summary=f"{metric.name} could not be measured on all {evaluation.n:,} rows.")
        large = [one for one in evaluation.slices if one.column in self.columns and one.n >= self.min_rows]
        judged = sorted(
            ((self._gap(metric, whole, found), one, found) for one in large if (found := one.metrics.get(metric.name))),
            key=lambda entry: -entry[0],
        )
        bad = [entry for entry in judged if entry[0] > self.within and _surely_worse(metric, entry[2], whole)]
        return self._verdict(metric, whole, judged, bad, skipped=len(evaluation.slices) - len(judged))

    def _gap(self, metric: Metric, whole: Estimate, found: Estimate) -> float:
        gap = -metric.gain(found.value, whole.value)
        return gap if metric.bounded or metric.name == "r2" else gap / abs(whole.value) if whole.value else gap

    def _verdict(self, metric: Metric, whole: Estimate, judged: list[Any], bad: list[Any], *, skipped: int) -> Verdict:
        if not judged:
            return Verdict.of(
                False,
                threshold=self.within,
                summary=f"No slice by {', '.join(self.columns)} has {self.min_rows:,} rows to be judged on.",
            )
        gap, worst, found = judged[0]
        where = f"{worst.column} = {worst.value}"
        head = (
            f"{len(bad)} of {len(judged)} slices {'is' if len(bad) == 1 else 'are'} much worse than the whole"
            if bad
            else "No slice is much worse than the whole"
        )
        return Verdict.of(
            not bad,
            value=gap,
            threshold=self.within,
            summary=f"{head}: {metric.name} is {found.value:.4f} where {where} ({worst.n:,} rows), {whole.value:.4f} overall.",
            metric=metric.name,
            whole=whole.value,
            worst=[_row(*entry) for entry in judged[:WORST]],
            judged=len(judged),
            too_small_or_unmeasurable=skipped,
        )


def _surely_worse(metric: Metric, found: Estimate, whole: Estimate) -> bool:
    return found.high < whole.value if metric.higher_is_better else found.low > whole.value


def _row(gap: float, one: SliceMetrics, found: Estimate) -> dict[str, Any]:
    where = {"column": one.column, "value": one.value, "n": one.n}
    return where | {"metric": found.value, "low": found.low, "high": found.high, "gap": gap}
