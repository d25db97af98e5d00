"""The loss of each labelled prediction, from the columns every window has."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_TINY = 1e-7


def losses(answers: pa.Table) -> np.ndarray:
    """One loss a row, shape (n,), NaN without a label: log loss where the outcome is 0 or 1 and the score a probability,
    squared error for other outcomes, and for several classes (answers without an outcome) 1 for a wrong answer.

    >>> import pyarrow as pa
    >>> losses(pa.table({"score": [0.5], "outcome": [1.0], "predicted": ["a"], "label": ["b"]})).round(3)
    array([0.693])
    """
    import numpy as np

    score = answers["score"].to_numpy(zero_copy_only=False).astype(np.float64)
    told = answers["outcome"] if "outcome" in answers.column_names else None
    outcome = np.full(len(score), np.nan) if told is None else told.to_numpy(zero_copy_only=False).astype(np.float64)
    known = np.isfinite(outcome)
    if known.any() or "label" not in answers.column_names:
        if np.isin(outcome[known], (0.0, 1.0)).all() and ((score >= 0) & (score <= 1))[known].all():
            sure = np.clip(np.where(outcome == 1, score, 1 - score), _TINY, 1.0)
            return np.where(known, -np.log(sure), np.nan)
        return (score - outcome) ** 2
    label = np.array(answers["label"].to_pylist(), dtype=object)
    wrong = np.array(answers["predicted"].to_pylist(), dtype=object) != label
    return np.where(np.array([one is None for one in label], dtype=bool), np.nan, wrong.astype(np.float64))
