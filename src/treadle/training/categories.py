"""Which categories of a text column a model learns about, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from treadle.errors import InvalidInput

if TYPE_CHECKING:
    import pandas as pd

MOST = 128
LEAST_ROWS = 10
CAUTION = 10.0  # rows of average label that every category is given, so that a rare one stands near the middle


def frequent(values: pd.Series) -> np.ndarray:
    """The categories worth learning about, sorted: the 128 most frequent ones that occur in enough rows.

    Enough is 10 rows, less in small data. Raises `InvalidInput` when there is none.
    """
    counts: Any = values.value_counts()
    least = max(1, min(LEAST_ROWS, len(values) // 200))
    if len(counts) > 1 and counts.iloc[0] == 1:
        raise InvalidInput(
            f"The feature {str(values.name)!r} names every row differently; a model cannot learn from that.",
            mend="Leave it out, or derive something that repeats.",
            field=str(values.name),
        )
    kept = {str(name): int(count) for name, count in counts.items() if count >= least}
    if not kept:
        raise InvalidInput(
            f"No value of the feature {str(values.name)!r} occurs in at least {least} rows.",
            mend="Leave it out, or group its values.",
            field=str(values.name),
        )
    ranked = sorted((-count, name) for name, count in kept.items())[:MOST]
    return np.array(sorted(name for _, name in ranked), dtype=object)


def by_label(values: pd.Series, categories: np.ndarray, y: np.ndarray, classes: int) -> np.ndarray:
    """The categories in the order of the label in their rows: by its mean, or the share of the second class of two.

    Of several classes, by the first principal component of their shares (D. Coppersmith, S. J. Hong, J. Hosking, "Partitioning
    nominal attributes in decision trees", Data Mining and Knowledge Discovery 3, 1999). `y` are numbers (`classes` is 0) or class
    positions. Ties stand in the order of their names.
    """
    from pandas import Index

    codes = Index(categories).get_indexer(values)
    known = codes >= 0
    told = y.reshape(-1, 1).astype(np.float64) if classes <= 2 else np.eye(classes)[y]
    rows = np.bincount(codes[known], minlength=len(categories))[:, None]
    sums = np.column_stack([np.bincount(codes[known], column[known], minlength=len(categories)) for column in told.T])
    middle = told.mean(axis=0)
    means = (sums + CAUTION * middle) / (rows + CAUTION) - middle
    ranks = means[:, 0] if means.shape[1] == 1 else means @ _main_direction(means, rows)
    return categories[np.argsort(np.round(ranks, 12), kind="stable")]


def _main_direction(means: np.ndarray, rows: np.ndarray) -> np.ndarray:
    _, vectors = np.linalg.eigh((means * rows).T @ means)
    main = vectors[:, -1]
    return main * np.sign(main[np.argmax(np.abs(main))])
