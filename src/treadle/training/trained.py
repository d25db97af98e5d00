"""A candidate after training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from treadle.errors import InvalidInput
from treadle.evaluation import Estimate
from treadle.models import Prediction, Signature, columns_of, frame_of
from treadle.training.asking import answer
from treadle.training.cost import Cost

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Trial:
    """One setting that was tried: its parameters, the metric on the validation rows (None when it failed), and how long it took."""

    number: int
    params: Mapping[str, Any]
    value: float | None
    seconds: float
    status: Literal["succeeded", "failed"]
    error: str = ""


@dataclass(frozen=True)
class Trained:
    """A fitted candidate.

    `estimator` was fitted on data frames as `treadle.models.frame_of` makes them, classes as positions in `signature.classes`.
    `params` are those of the model that differ from its defaults, plain values for the record; `chosen` those of them that the
    search chose, by the names it was given. `metrics` are those on the validation rows, `metric` the one that ranks candidates.
    `notes` say what a reader of the record must know, such as that the search saw a sample only.
    """

    name: str
    estimator: Any
    signature: Signature
    params: Mapping[str, Any]
    chosen: Mapping[str, Any]
    metric: str
    metrics: Mapping[str, Estimate]
    trials: tuple[Trial, ...]
    cost: Cost
    notes: tuple[str, ...] = ()

    @property
    def score(self) -> float | None:
        """The metric it is ranked by, on the validation rows; None without such rows."""
        found = self.metrics.get(self.metric)
        return None if found is None else found.value

    def predict(self, columns: pa.Table) -> Prediction:
        """What the fitted estimator answers for rows that have the signature's columns.

        Raises `NotFound` for a column that is missing and `InvalidInput` for values it cannot read.
        """
        if columns.num_rows == 0:
            raise InvalidInput("There are no rows to predict.", field="columns")
        X = frame_of(columns_of(columns, self.signature), self.signature)
        given = answer(self.estimator, X, self.signature.task)
        if self.signature.task == "regression":
            return Prediction(given)
        labels = np.array(self.signature.labels, dtype=object if self.signature.class_type == "text" else None)
        return Prediction(labels[given.argmax(axis=1)], given)


@dataclass(frozen=True)
class Failure:
    """A candidate that could not be trained, and why."""

    name: str
    message: str
    mend: str = ""


@dataclass(frozen=True)
class Training:
    """Every candidate of one training: those that were fitted, best first, and those that were not."""

    metric: str
    trained: tuple[Trained, ...]
    failures: tuple[Failure, ...] = ()

    @property
    def best(self) -> Trained:
        """The candidate with the best metric on the validation rows."""
        return self.trained[0]

    @property
    def cost(self) -> Cost:
        """What all of it cost."""
        costs = [one.cost for one in self.trained]
        return Cost(
            seconds=sum(cost.seconds for cost in costs),
            cpu_seconds=sum(cost.cpu_seconds for cost in costs),
            peak_memory=max((cost.peak_memory for cost in costs), default=0),
            rows=max((cost.rows for cost in costs), default=0),
            trials=sum(cost.trials for cost in costs),
        )
