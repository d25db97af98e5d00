"""From which score on a row should count as positive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from treadle.errors import InvalidInput
from treadle.evaluation.answers import Answers
from treadle.evaluation.curves import cumulated

Aim = Literal["f1", "precision", "recall", "cost"]


@dataclass(frozen=True)
class Threshold:
    """A score from which on (itself included) a row counts as positive, and what that gives on the rows it was chosen on."""

    value: float
    precision: float
    recall: float
    f1: float
    positive_share: float
    reached: bool


def choose_threshold(
    y: Any,
    scores: Any,
    *,
    classes: tuple[object, object] = (False, True),
    aim: Aim = "f1",
    at_least: float = 0.0,
    false_positive: float = 1.0,
    false_negative: float = 1.0,
    weights: Any = None,
) -> Threshold:
    """The best threshold of a binary classifier on these rows; choose it on validation rows, not on those it is judged by.

    `aim` is `"f1"` (the greatest F1), `"precision"` (the greatest recall with a precision of `at_least`), `"recall"` (the greatest
    precision with a recall of `at_least`) or `"cost"` (the least cost, a false positive costing `false_positive` and a false
    negative `false_negative`). `reached` is False when no threshold gives `at_least`; then it is the one that comes nearest.
    Raises `InvalidInput` when only one class occurs.

    >>> choose_threshold([False, False, True, True], [0.1, 0.4, 0.35, 0.8], aim="recall", at_least=1.0).value
    0.35
    """
    labels = np.full(len(y), str(classes[0]), dtype=object)
    answers = Answers.of("binary", y, labels, scores, classes=classes, weights=weights)
    values, yes, no = cumulated(answers)
    if yes[-1] == 0 or no[-1] == 0:
        raise InvalidInput("Only one class occurs in these rows.", mend="Choose the threshold on more rows.", field="y")
    precision, recall = yes / (yes + no), yes / yes[-1]
    f1 = 2 * yes / (yes + no + yes[-1])
    if aim == "f1":
        worth, reached = f1, np.ones(len(values), dtype=bool)
    elif aim == "cost":
        worth = -(false_positive * no + false_negative * (yes[-1] - yes))
        reached = np.ones(len(values), dtype=bool)
    elif aim in ("precision", "recall"):
        held, worth = (precision, recall) if aim == "precision" else (recall, precision)
        reached = held >= at_least
        worth = worth if reached.any() else held
    else:
        raise InvalidInput(f"{aim!r} is no aim.", mend="Choose f1, precision, recall or cost.", field="aim")
    allowed = np.where(reached, worth, -np.inf) if reached.any() else worth
    best = int(np.argmax(allowed))
    return Threshold(
        value=float(values[best]),
        precision=float(precision[best]),
        recall=float(recall[best]),
        f1=float(f1[best]),
        positive_share=float((yes[best] + no[best]) / (yes[-1] + no[-1])),
        reached=bool(reached[best]),
    )
