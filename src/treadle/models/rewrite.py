"""A fitted estimator made ready for conversion: the same arithmetic, said in a way the ONNX converters understand.

The converters know neither columns by name inside one matrix nor missing text. So, on a copy: column names become positions,
and the missing category (NaN or None in scikit-learn) becomes the empty text, which is what a missing text is in a model file.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import KBinsDiscretizer, OrdinalEncoder

MISSING_CODE = -987_654_321.0
"""Stands for NaN in the codes of an `OrdinalEncoder` until the graph is made; `graph.restore_missing` puts NaN back."""


class _MissingText(float):
    """NaN to scikit-learn, the empty text to a converter that writes categories down with `str`."""

    def __str__(self) -> str:
        return ""


def rewritten(estimator: Any, order: Sequence[str] | None) -> Any:
    """A copy of `estimator` ready for conversion; with `order`, its raw columns stand at these positions of the inputs."""
    copied = copy.deepcopy(estimator)
    part: Any
    for part in parts(copied):
        if isinstance(part, ColumnTransformer) and order is not None:
            _by_position(part, order)
        elif isinstance(part, SimpleImputer):
            _impute_empty_text(part)
        elif isinstance(part, KBinsDiscretizer) and part.encode == "onehot":
            part.encode = "onehot-dense"
        if isinstance(part, OrdinalEncoder) and hasattr(part, "categories_"):
            _missing_codes(part)
        _without_names(part)
        categories = getattr(part, "categories_", None)
        if isinstance(categories, list):
            vars(part)["categories_"] = [_missing_as_empty(one) for one in categories]
    return copied


def parts(estimator: Any) -> Iterator[Any]:
    """The estimator and every estimator it holds, however deep."""
    seen: set[int] = set()
    waiting: list[Any] = [estimator]
    while waiting:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, list | tuple):
            waiting.extend(item)
        elif isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, BaseEstimator):
            yield item
            waiting.extend(vars(item).values())


def _without_names(part: Any) -> None:
    """XGBoost's converter wants its features to be called f0, f1, …, as they are when they have no names."""
    if hasattr(part, "get_booster") and hasattr(part, "n_features_in_"):
        part.get_booster().feature_names = None


def _by_position(transformer: ColumnTransformer, order: Sequence[str]) -> None:
    names = getattr(transformer, "feature_names_in_", None)
    if names is None or not set(names) <= set(order):
        return
    place = {name: position for position, name in enumerate(order)}

    def positions(columns: Any) -> list[int]:
        if isinstance(columns, slice) or (isinstance(columns, np.ndarray) and columns.dtype == bool):
            columns = np.arange(len(names))[columns]
        columns = [columns] if isinstance(columns, str | int | np.integer) else list(columns)
        if columns and isinstance(columns[0], bool):
            columns = list(np.flatnonzero(columns))
        return [place[column if isinstance(column, str) else names[column]] for column in columns]

    transformer.transformers_ = [(name, step, positions(columns)) for name, step, columns in transformer.transformers_]


def _impute_empty_text(imputer: Any) -> None:
    statistics = getattr(imputer, "statistics_", None)
    missing = imputer.missing_values
    missing_is_nan = missing is None or (isinstance(missing, float) and np.isnan(missing))
    if statistics is not None and statistics.dtype.kind in "OU" and missing_is_nan:
        imputer.missing_values = ""


def _missing_codes(encoder: OrdinalEncoder) -> None:
    """Make the codes real numbers, so that the code of a missing category can be NaN."""
    has_missing = any(len(c) and isinstance(c[-1], float) and np.isnan(c[-1]) for c in encoder.categories_)
    if not has_missing or not np.isnan(encoder.encoded_missing_value):
        return
    encoder.unknown_value = float(encoder.unknown_value) if encoder.unknown_value is not None else np.nan
    encoder.handle_unknown = "use_encoded_value"
    encoder.encoded_missing_value = MISSING_CODE


def _missing_as_empty(categories: np.ndarray) -> np.ndarray:
    if categories.dtype != object:
        return categories
    changed = np.empty(len(categories), dtype=object)
    for position, value in enumerate(categories):
        missing = value is None or (isinstance(value, float) and np.isnan(value))
        changed[position] = _MissingText("nan") if missing else value
    return changed
