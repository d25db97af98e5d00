"""What was true and what was answered, row by row, in the form every metric reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from treadle.errors import InvalidInput
from treadle.evaluation.classes import encode_classes, number_array

if TYPE_CHECKING:
    from treadle.models import Task


@dataclass(frozen=True)
class Answers:
    """The truth and the answers of one model on n rows.

    Classification: `y` and `labels` are positions in `classes`, shape (n,), and `scores` are probabilities, shape (n, k), in the
    order of `classes`, or None. Regression: `y` and `labels` are numbers. `weights` are positive, shape (n,). In a binary task the
    second class is the positive one.
    """

    task: Task
    y: np.ndarray
    labels: np.ndarray
    scores: np.ndarray | None
    weights: np.ndarray
    classes: tuple[str, ...]

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
    ) -> Answers:
        """Check and encode what a model answered; raises `InvalidInput` naming the argument.

        `y` and `labels` hold class values as they are in the data, found in `classes` by their text. `scores` of a binary task may
        be one column: the probability of the positive class.
        """
        names = tuple(str(one) for one in classes)
        if task == "regression":
            truth, said, given = number_array(y, "y"), number_array(labels, "labels"), None
        else:
            if len(names) < 2:
                raise InvalidInput("Name at least two classes, in the order of the scores.", field="classes")
            truth, said = encode_classes(y, names, field="y"), encode_classes(labels, names, field="labels")
            given = _scores(scores, len(truth), len(names))
        if len(truth) == 0:
            raise InvalidInput("There are no rows to evaluate.", mend="Check the split.", field="y")
        if len(said) != len(truth):
            raise InvalidInput(f"There are {len(said)} answers for {len(truth)} rows.", field="labels")
        return cls(task, truth, said, given, _weights(weights, len(truth)), names)

    def __len__(self) -> int:
        return len(self.y)

    @cached_property
    def positive(self) -> np.ndarray:
        """Binary: which rows truly are of the positive class, shape (n,), bool."""
        return self.y == 1

    @cached_property
    def score(self) -> np.ndarray:
        """Binary: the probability of the positive class, shape (n,); only where there are scores."""
        assert self.scores is not None
        return self.scores[:, 1]

    def take(self, rows: np.ndarray) -> Answers:
        """The answers of some rows (a mask or positions)."""
        scores = None if self.scores is None else self.scores[rows]
        return Answers(self.task, self.y[rows], self.labels[rows], scores, self.weights[rows], self.classes)


def _scores(scores: Any, rows: int, classes: int) -> np.ndarray | None:
    if scores is None:
        return None
    array = np.asarray(scores)
    array = array if array.dtype.kind == "f" else array.astype(np.float64)
    if array.ndim == 1 and classes == 2:
        array = np.column_stack([1 - array, array])
    if array.shape != (rows, classes):
        raise InvalidInput(
            f"The scores have the shape {array.shape}, not ({rows}, {classes}).",
            mend="Give one probability per row and class, in the order of the classes.",
            field="scores",
        )
    if not np.isfinite(array).all():
        row = int(np.argmin(np.isfinite(array).all(axis=1)))
        raise InvalidInput(f"The score of row {row} is not a finite number.", field="scores")
    return array


def _weights(weights: Any, rows: int) -> np.ndarray:
    if weights is None:
        return np.ones(rows)
    array = np.asarray(weights, dtype=np.float64)
    if array.shape != (rows,) or not np.isfinite(array).all() or (array < 0).any() or not array.sum() > 0:
        raise InvalidInput(
            "The weights must be one finite number per row, none negative and not all zero.", field="weights"
        )
    return array
