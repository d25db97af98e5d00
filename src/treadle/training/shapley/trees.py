"""Contributions in boosted trees, exactly, as XGBoost and LightGBM compute them themselves.

Source: S. Lundberg, G. Erion, S.-I. Lee, "Consistent individualized feature attribution for tree ensembles" (2018).
"""

from __future__ import annotations

from typing import Any

import numpy as np


def tree_contributions(model: Any, X: np.ndarray) -> np.ndarray | None:
    """What each column of `X` adds to each answer, shape (n, outputs, columns + 1), the last column the base; None for others.

    In log-odds for a classifier (before the softmax when there are several classes), in the label's unit for a regressor.
    """
    package = type(model).__module__.partition(".")[0]
    if package == "xgboost" and hasattr(model, "get_booster"):
        return _xgboost(model, X)
    if package == "lightgbm" and hasattr(model, "booster_"):
        given = np.asarray(model.predict(X, pred_contrib=True), dtype=np.float64)
        return given.reshape(len(X), -1, X.shape[1] + 1)
    return None


def _xgboost(model: Any, X: np.ndarray) -> np.ndarray:
    import xgboost

    booster = model.get_booster()
    rows = xgboost.DMatrix(X, missing=model.missing, feature_names=booster.feature_names)
    given = booster.predict(rows, pred_contribs=True, iteration_range=_used(model), strict_shape=True)
    return np.asarray(given, dtype=np.float64)


def _used(model: Any) -> tuple[int, int]:
    best = getattr(model, "best_iteration", None) if model.get_params().get("early_stopping_rounds") else None
    return (0, 0) if best is None else (0, best + 1)


def booster_bytes(model: Any) -> tuple[str, bytes] | None:
    """The trees of a fitted XGBoost or LightGBM model in that package's own plain format, cut to those it answers with.

    The name of the package and the bytes; None for another model, and for boosters whose trees are not simply added up.
    """
    package = type(model).__module__.partition(".")[0]
    if package == "xgboost" and hasattr(model, "get_booster") and model.get_params().get("booster") in (None, "gbtree"):
        booster, (first, end) = model.get_booster(), _used(model)
        return package, bytes((booster[first:end] if end else booster).save_raw("ubj"))
    if package == "lightgbm" and hasattr(model, "booster_"):
        return package, model.booster_.model_to_string(num_iteration=model.best_iteration_ or -1).encode()
    return None


def booster_contributions(package: str, data: bytes, X: np.ndarray) -> np.ndarray:
    """`tree_contributions` of trees that were kept by `booster_bytes`."""
    if package == "lightgbm":
        import lightgbm  # type: ignore[import-not-found]

        given = lightgbm.Booster(model_str=data.decode()).predict(X, pred_contrib=True)
        return np.asarray(given, dtype=np.float64).reshape(len(X), -1, X.shape[1] + 1)
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(bytearray(data))
    rows = xgboost.DMatrix(X, feature_names=booster.feature_names)
    return np.asarray(booster.predict(rows, pred_contribs=True, strict_shape=True), dtype=np.float64)
