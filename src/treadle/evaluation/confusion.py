"""How often each class was taken for which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from treadle.evaluation.answers import Answers


@dataclass(frozen=True)
class Confusion:
    """Row counts: `counts[i][j]` rows of the class `classes[i]` were answered as `classes[j]`."""

    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


def confusion(answers: Answers) -> Confusion | None:
    """The confusion matrix of a classifier; None for regression."""
    k = len(answers.classes)
    if answers.task == "regression":
        return None
    table = np.bincount(answers.y * k + answers.labels, minlength=k * k).reshape(k, k)
    return Confusion(answers.classes, tuple(tuple(int(n) for n in row) for row in table))
