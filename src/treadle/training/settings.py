"""What a model was told, as plain values for the record."""

from __future__ import annotations

import math
from typing import Any

from treadle.training.family import final_step

Plain = bool | int | float | str


def settings_of(estimator: Any) -> dict[str, Plain]:
    """The parameters of the model (the last step of a pipeline) that differ from its class's defaults; only plain values.

    >>> from sklearn.linear_model import LogisticRegression
    >>> settings_of(LogisticRegression(C=0.5, max_iter=500))
    {'C': 0.5, 'max_iter': 500}
    """
    model = final_step(estimator)
    get_params = getattr(model, "get_params", None)
    if get_params is None:
        return {}
    try:
        usual = type(model)().get_params(deep=False)
    except TypeError:  # it cannot be made without arguments: then all of them were told
        usual = {}
    told = {
        name: _plain(value)
        for name, value in sorted(get_params(deep=False).items())
        if not _same(value, usual.get(name))
    }
    return {name: value for name, value in told.items() if isinstance(value, Plain)}


def _plain(value: Any) -> Any:
    item = getattr(value, "item", None)
    return item() if item is not None and getattr(value, "ndim", 1) == 0 else value


def _same(value: Any, usual: Any) -> bool:
    if isinstance(value, float) and isinstance(usual, float) and math.isnan(value) and math.isnan(usual):
        return True
    return type(value) is type(usual) and bool(value is usual or value == usual)
