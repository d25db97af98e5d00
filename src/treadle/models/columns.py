"""Named columns made ready for a model: one place decides what a missing or mistyped value means.

A missing number is NaN, a missing text and an empty text are the same thing. Training, parity, evaluation and serving all come
through here, so a row means the same everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from treadle.errors import InvalidInput, suggest
from treadle.models.field import Field
from treadle.models.signature import Signature

if TYPE_CHECKING:
    import pandas as pd

_WORDS = {"float32": "numbers", "int64": "whole numbers", "boolean": "true or false", "string": "text"}


def prepare(columns: Mapping[str, Any], signature: Signature) -> dict[str, np.ndarray]:
    """The columns of a signature, in its order: float32, int64, bool, or object arrays of text, each of length n.

    Raises `InvalidInput` that names the column: absent, of another length, of the wrong type, or holding a missing value where
    the model cannot take one.
    """
    rows = row_count(columns)
    ready: dict[str, np.ndarray] = {}
    with np.errstate(over="ignore"):  # what float32 cannot hold is infinite, and the model's answer says so
        for field in signature.inputs:
            given = columns.get(field.name)
            if given is None:
                if field.required:
                    raise missing_column(field.name, columns)
                given = np.full(rows, None, dtype=object)
            ready[field.name] = column(field, given, rows)
    return ready


def missing_column(name: str, given: Mapping[str, Any]) -> InvalidInput:
    """The error for a column a request does not carry."""
    return InvalidInput(
        f"The model reads {name!r}, which is not given.",
        mend=suggest(name, given) if given else f"Give {name!r}.",
        field=name,
    )


def row_count(columns: Mapping[str, Any]) -> int:
    """How many rows the columns have; raises `InvalidInput` when they differ."""
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        short, long = min(lengths, key=lengths.__getitem__), max(lengths, key=lengths.__getitem__)
        raise InvalidInput(
            f"{short} has {lengths[short]} rows and {long} has {lengths[long]}.",
            mend="Give every column the same number of rows.",
            field=short,
        )
    return next(iter(lengths.values()), 0)


def column(field: Field, values: Any, rows: int) -> np.ndarray:
    """One column as the model reads it; raises `InvalidInput` that names it."""
    array = np.asarray(values) if not isinstance(values, np.ndarray) else values
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or len(array) != rows:
        raise InvalidInput(
            f"{field.name} has the shape {list(array.shape)}, not [{rows}].",
            mend="Give one value for each row.",
            field=field.name,
        )
    ready = _text(field, array) if field.type == "string" else _number(field, array)
    if not field.nullable:
        _none_missing(field, ready)
    return ready


def _number(field: Field, array: np.ndarray) -> np.ndarray:
    if array.dtype == object:
        array = _from_objects(field, array)
    if array.dtype.kind not in "fiub":
        raise _mistyped(field, array[0])
    if field.type == "float32":
        return array.astype(np.float32)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise InvalidInput(
            f"{field.name} has a missing value; the model reads {_WORDS[field.type]} there and cannot take one.",
            mend="Give a value for every row.",
            field=field.name,
        )
    whole = array.astype(np.int64)
    wrong = whole != array
    if field.type == "boolean":
        wrong |= (whole != 0) & (whole != 1)
    if wrong.any():
        raise _mistyped(field, array[int(np.argmax(wrong))])
    return whole if field.type == "int64" else whole.astype(bool)


def _from_objects(field: Field, array: np.ndarray) -> np.ndarray:
    ready = np.empty(len(array), dtype=np.float64)
    for position, value in enumerate(array):
        if value is None:
            ready[position] = np.nan
        elif isinstance(value, int | float | np.number | np.bool_) and not isinstance(value, complex):
            ready[position] = _real(field, value)
        else:
            raise _mistyped(field, value)
    return ready


def _real(field: Field, value: int | float | np.number | np.bool_) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise InvalidInput(
            f"{field.name} holds a whole number of more than 300 digits.",
            mend="Give a number a 64-bit float can hold.",
            field=field.name,
        ) from error


def _text(field: Field, array: np.ndarray) -> np.ndarray:
    if array.dtype.kind == "U":
        return array.astype(object)
    if array.dtype != object:
        if len(array):
            raise _mistyped(field, array[0])
        return array.astype(object)
    ready = np.empty(len(array), dtype=object)
    for position, value in enumerate(array):
        if isinstance(value, str):
            ready[position] = value
        elif value is None or (isinstance(value, float) and value != value):
            ready[position] = ""
        else:
            raise _mistyped(field, value)
    return ready


def _none_missing(field: Field, ready: np.ndarray) -> None:
    gone = ready == "" if field.type == "string" else np.isnan(ready) if ready.dtype.kind == "f" else None
    if gone is not None and gone.any():
        raise InvalidInput(
            f"{field.name} is missing in row {int(np.argmax(gone))}, and this model cannot take a missing value there.",
            mend="Give a value, or train the model with an imputer for it.",
            field=field.name,
        )


def _mistyped(field: Field, value: object) -> InvalidInput:
    shown = repr(value.item() if isinstance(value, np.generic) else value)
    return InvalidInput(
        f"{field.name} holds {shown[:40]}; the model reads {_WORDS[field.type]} there.",
        mend=f"Give {_WORDS[field.type]}.",
        field=field.name,
    )


def frame_of(columns: Mapping[str, Any], signature: Signature) -> pd.DataFrame:
    """The data frame an estimator is fitted on and asked with: numbers float32, text as text with NaN where it is missing.

    Raises `InvalidInput` as `prepare` does.
    """
    import pandas as pd

    text_type = "str" if int(pd.__version__.split(".")[0]) >= 3 else object
    series: dict[str, pd.Series] = {}
    for name, values in prepare(columns, signature).items():
        if values.dtype == object:
            series[name] = pd.Series(np.where(values == "", np.nan, values), dtype=text_type)
        else:
            series[name] = pd.Series(values)
    return pd.DataFrame(series, columns=list(signature.names))
