"""Which raw column each column of preprocessed data comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

_ONE_TO_ONE = {
    "StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "QuantileTransformer", "PowerTransformer", "OrdinalEncoder",
    "SimpleImputer",
}  # fmt: skip


def origins(transformer: Any, columns: Sequence[str]) -> list[str] | None:
    """The name among `columns` that each output column of a fitted transformer derives from; None when that cannot be said.

    Knows pipelines, column transformers, one-hot encoding, scalers and imputers; a transformer that mixes columns has no answer.
    """
    names = list(columns)
    kind = type(transformer).__name__
    if transformer == "passthrough" or transformer is None or kind in _ONE_TO_ONE:
        return names if kind not in _ONE_TO_ONE or _outputs(transformer, names) == len(names) else None
    if kind == "Pipeline":
        return _through([step for _, step in transformer.steps], names)
    if kind == "ColumnTransformer":
        return _side_by_side(transformer, names)
    if kind == "OneHotEncoder":
        counts = transformer._n_features_outs
        return [name for name, count in zip(names, counts, strict=True) for _ in range(count)]
    if kind == "FunctionTransformer" and transformer.func is None:
        return names
    return None


def _through(steps: Sequence[Any], names: list[str]) -> list[str] | None:
    found: list[str] | None = names
    for step in steps:
        found = None if found is None else origins(step, found)
    return found


def _side_by_side(transformer: Any, names: list[str]) -> list[str] | None:
    found: list[str] = [""] * max((part.stop for part in transformer.output_indices_.values()), default=0)
    for name, part, chosen in transformer.transformers_:
        if part == "drop":
            continue
        inner = origins(part, _chosen(chosen, names))
        where = transformer.output_indices_[name]
        if inner is None or len(inner) != where.stop - where.start:
            return None
        found[where] = inner
    return found


def _chosen(chosen: Any, names: list[str]) -> list[str]:
    if isinstance(chosen, str):
        return [chosen]
    if isinstance(chosen, slice):
        return names[chosen]
    given = list(chosen)
    if given and isinstance(given[0], (bool, np.bool_)):
        return [name for name, taken in zip(names, given, strict=True) if taken]
    return [one if isinstance(one, str) else names[one] for one in given]


def _outputs(transformer: Any, names: list[str]) -> int:
    if type(transformer).__name__ != "SimpleImputer":
        return len(names)
    return len(transformer.get_feature_names_out())
