"""How wrong one answer was, between 0 and 1, so that two versions can be compared answer by answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from treadle.rollouts.analysis.seen import Answers


def losses(answers: Answers, *, classes: int, scale: float) -> np.ndarray:
    """The loss of each answer, NaN where no label is known: shape (answers,).

    Two classes: the squared distance of the probability from what came true (Brier). Several: 1 for a wrong class.
    Regression (`classes` 0): the absolute error divided by `scale`, at most 1.
    """
    import numpy as np

    if classes == 2:
        return (answers.score - answers.outcome) ** 2
    if classes:
        pairs = zip(answers.predicted, answers.label, strict=True)
        return np.array([np.nan if label is None else float(label != told) for told, label in pairs], dtype=float)
    return np.clip(np.abs(answers.score - answers.outcome) / scale, 0.0, 1.0)
