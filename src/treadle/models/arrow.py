"""Between Arrow tables and the columns a model reads."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from treadle.errors import InvalidInput, NotFound
from treadle.models.field import Field


class Reads(Protocol):
    """What says which columns it reads: a signature."""

    @property
    def inputs(self) -> tuple[Field, ...]:
        """The columns, in order."""
        ...


def field_of(table: pa.Table, name: str) -> Field:
    """The model input for one column: numbers and booleans are float32, text is string."""
    kind = _column(table, name).type
    if (
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_decimal(kind)
    ):
        return Field(name, "float32")
    if _is_text(kind) or pa.types.is_null(kind):
        return Field(name, "string")
    raise InvalidInput(
        f"{name} is a {kind}; a model reads numbers, booleans and text.",
        mend="Turn it into a number first, such as the hour or the days since an event.",
        field=name,
    )


def classes_of(table: pa.Table, label: str) -> tuple[object, ...]:
    """The sorted values of the label column, nulls left out."""
    values = _column(table, label).unique().to_pylist()
    return tuple(sorted(value for value in values if value is not None))


def columns_of(table: pa.Table, signature: Reads) -> dict[str, np.ndarray]:
    """The columns a model reads: float64 with NaN, or objects (text or None).

    Raises `NotFound` for a column that is missing.
    """
    columns: dict[str, np.ndarray] = {}
    for field in signature.inputs:
        if field.name not in table.column_names and not field.required:
            continue
        column = _column(table, field.name)
        if field.type == "string":
            columns[field.name] = np.array(_decoded(column).to_pylist(), dtype=object)
        else:
            columns[field.name] = _numbers(field.name, column)
    return columns


def _numbers(name: str, column: pa.ChunkedArray) -> np.ndarray:
    if _is_text(column.type):
        raise InvalidInput(
            f"{name} holds text; the model reads numbers there.", mend="Give numbers, or train it again.", field=name
        )
    if pa.types.is_integer(column.type) and not column.null_count:
        return column.to_numpy()
    return pc.cast(column, pa.float64()).to_numpy()


def _column(table: pa.Table, name: str) -> pa.ChunkedArray:
    if name not in table.column_names:
        raise NotFound.among("column", name, table.column_names, field=name)
    return table[name]


def _decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.cast(column, pa.string()) if not pa.types.is_string(column.type) else column


def _is_text(kind: Any) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
