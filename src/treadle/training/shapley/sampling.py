"""Contributions in any model, by asking it: Shapley values estimated from random orders of the features.

Source: E. Štrumbelj, I. Kononenko, "Explaining prediction models and individual predictions with feature contributions",
Knowledge and Information Systems 41 (2014).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

ORDERS = 8


def sampled_contributions(
    ask: Callable[[pd.DataFrame], np.ndarray],
    X: pd.DataFrame,
    background: pd.DataFrame,
    *,
    seed: int,
    orders: int = ORDERS,
) -> np.ndarray:
    """What each column of `X` adds to the answers of `ask`, shape (n, outputs, columns + 1), the last column the base.

    `ask` gives answers of shape (n, outputs). Each order starts from random rows of `background` and brings in the true values
    one column after the other; what the answer gains at each belongs to that column. The sum over columns and base is the answer
    exactly, whatever the number of orders.
    """
    rng = np.random.default_rng(seed)
    total: np.ndarray | None = None
    for _ in range(orders):
        mixed = background.iloc[rng.integers(len(background), size=len(X))].reset_index(drop=True)
        before = ask(mixed)
        if total is None:
            total = np.zeros((*before.shape, X.shape[1] + 1))
        total[:, :, -1] += before
        for column in rng.permutation(X.shape[1]):
            mixed[X.columns[column]] = X.iloc[:, column].to_numpy()
            after = ask(mixed)
            total[:, :, column] += after - before
            before = after
    assert total is not None
    return total / orders
