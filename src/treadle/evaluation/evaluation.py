"""Everything measured about one model on one set of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from treadle.errors import NotFound
from treadle.evaluation.answers import Answers
from treadle.evaluation.calibration import Calibration, calibration
from treadle.evaluation.catalog import primary_metric
from treadle.evaluation.confusion import Confusion, confusion
from treadle.evaluation.curves import Curve, curves
from treadle.evaluation.estimate import Estimate
from treadle.evaluation.measuring import measure
from treadle.evaluation.slices import SliceMetrics, slice_metrics
from treadle.models import Task

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Evaluation:
    """What a model is worth on a dataset: metrics as a whole and by slice, and the curves behind them. Plain JSON-able values.

    `model` and `dataset` name what was evaluated on what, `n` is how many rows there were.
    """

    model: str
    dataset: str
    task: Task
    n: int
    metrics: dict[str, Estimate]
    slices: tuple[SliceMetrics, ...] = ()
    calibration: Calibration | None = None
    confusion: Confusion | None = None
    curves: tuple[Curve, ...] = ()
    classes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        task: Task,
        y: Any,
        labels: Any,
        scores: Any = None,
        *,
        classes: Sequence[object] = (),
        weights: Any = None,
        rows: pa.Table | None = None,
        slices: Sequence[str] = (),
        model: str = "",
        dataset: str = "",
    ) -> Evaluation:
        """Evaluate answers (see `evaluate` for the shapes), sliced by the named columns of `rows`.

        Raises `InvalidInput` for wrong shapes or values, and `NotFound` for a slice column that `rows` does not have.
        """
        answers = Answers.of(task, y, labels, scores, classes=classes, weights=weights)
        if slices and rows is None:
            raise NotFound.among("column", slices[0], (), field="slices")
        return cls(
            model=model,
            dataset=dataset,
            task=task,
            n=len(answers),
            metrics=dict(measure(answers)),
            slices=slice_metrics(answers, rows, slices) if rows is not None else (),
            calibration=calibration(answers) if task != "regression" else None,
            confusion=confusion(answers),
            curves=curves(answers),
            classes=answers.classes,
        )

    @property
    def primary(self) -> Estimate | None:
        """The estimate of the task's primary metric; None where it has no meaning."""
        return self.metrics.get(primary_metric(self.task))

    def metric(self, name: str) -> Estimate:
        """The estimate of a metric; raises `NotFound` with what was measured."""
        if name not in self.metrics:
            raise NotFound.among("metric", name, self.metrics, field="metric")
        return self.metrics[name]
