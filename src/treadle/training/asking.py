"""Asking a fitted estimator."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from treadle.errors import InvalidInput
from treadle.evaluation import Answers

if TYPE_CHECKING:
    import pandas as pd

    from treadle.models import Signature, Task
    from treadle.training.prepared import Part


def answer(estimator: Any, X: pd.DataFrame, task: Task) -> np.ndarray:
    """Probabilities, shape (n, k), or for regression values, shape (n,).

    Raises `InvalidInput` when the estimator cannot give them.
    """
    method = "predict" if task == "regression" else "predict_proba"
    ask = getattr(estimator, method, None)
    if ask is None:
        raise InvalidInput(
            f"{type(estimator).__name__} has no {method}, which a {task} model needs.",
            mend="Wrap it in sklearn.calibration.CalibratedClassifierCV, or switch its probabilities on."
            if task != "regression"
            else "Give a regressor.",
            field="train",
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        given = np.asarray(ask(X), dtype=np.float64)
    return given.reshape(-1) if task == "regression" else given


def answers(estimator: Any, part: Part, signature: Signature) -> Answers:
    """The truth and the answers on the rows of a part; raises `InvalidInput` for answers of a wrong shape or not finite."""
    given = answer(estimator, part.X, signature.task)
    expected = (len(part),) if signature.task == "regression" else (len(part), len(signature.classes))
    if given.shape != expected:
        raise InvalidInput(
            f"The answers have the shape {given.shape}, not {expected}.", mend="Check the task.", field="train"
        )
    if not np.isfinite(given).all():
        raise InvalidInput(
            "Some answers are not finite numbers.", mend="Look for missing or huge values.", field="train"
        )
    weights = np.ones(len(part))
    if signature.task == "regression":
        return Answers("regression", part.y, given, None, weights, ())
    return Answers(signature.task, part.y, given.argmax(axis=1), given, weights, signature.classes)
