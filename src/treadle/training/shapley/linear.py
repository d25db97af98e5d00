"""Contributions in linear models: coefficient times the distance from the mean row."""

from __future__ import annotations

from typing import Any

import numpy as np


def linear_contributions(model: Any, X: np.ndarray, background: np.ndarray) -> np.ndarray | None:
    """What each column of `X` adds to each answer, shape (n, outputs, columns + 1), the last column the base; None for others.

    The base is the answer to the mean row of `background`. In log-odds for a classifier, in the label's unit for a regressor.
    Exact for features that are independent (Lundberg & Lee, 2017, corollary 1).
    """
    if type(model).__module__.partition(".")[0] != "sklearn" or not hasattr(model, "coef_"):
        return None
    if getattr(model, "kernel", "linear") != "linear" or hasattr(model, "link") or hasattr(model, "power"):
        return None
    coefficients = np.atleast_2d(np.asarray(model.coef_, dtype=np.float64))
    if coefficients.shape[1] != X.shape[1]:
        return None
    mean = background.mean(axis=0, dtype=np.float64)
    intercept = np.broadcast_to(np.atleast_1d(model.intercept_), coefficients.shape[:1])
    parts = (X - mean)[:, None, :] * coefficients[None, :, :]
    base = np.broadcast_to((intercept + coefficients @ mean)[None, :, None], (*parts.shape[:2], 1))
    return np.concatenate([parts, base], axis=2)
