"""Arrow at the borders: every table that leaves or enters the engine has the six column types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from treadle.datasets.column import Column, ColumnType
from treadle.errors import InvalidInput

ARROW_TYPES: Mapping[ColumnType, pa.DataType] = {
    "integer": pa.int64(),
    "real": pa.float64(),
    "text": pa.string(),
    "boolean": pa.bool_(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "date": pa.date32(),
}


def column_type(kind: pa.DataType) -> ColumnType | None:
    """The column type that holds values of an Arrow type, or None when none does.

    >>> column_type(pa.dictionary(pa.int32(), pa.string())), column_type(pa.list_(pa.int64()))
    ('text', None)
    """
    if pa.types.is_dictionary(kind):
        return column_type(kind.value_type)
    tests: tuple[tuple[ColumnType, tuple[Any, ...]], ...] = (
        ("boolean", (pa.types.is_boolean,)),
        ("integer", (pa.types.is_integer,)),
        ("real", (pa.types.is_floating, pa.types.is_decimal)),
        ("text", (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)),
        ("timestamp", (pa.types.is_timestamp,)),
        ("date", (pa.types.is_date,)),
    )
    return next((name for name, checks in tests if any(check(kind) for check in checks)), None)


def columns_of(table: pa.Table) -> tuple[Column, ...]:
    """The columns of a table as the six types.

    Raises `InvalidInput` that names the first column whose type none of them can hold.
    """
    found = []
    for field in table.schema:
        kind = column_type(field.type)
        if kind is None:
            raise InvalidInput(
                f"Column {field.name!r} holds {field.type} values, which a dataset cannot hold.",
                mend="Turn it into text or numbers, or spread it over several columns.",
                field=field.name,
            )
        found.append(Column(field.name, kind))
    return tuple(found)


def plain(table: pa.Table) -> pa.Table:
    """A query's result in plain widths: sums become 64-bit integers, decimals doubles, views and dictionaries text.

    Lists, maps and structs pass unchanged; they are answers, not datasets.
    """
    fields = [pa.field(f.name, _plain_type(f.type), f.nullable) for f in table.schema]
    schema = pa.schema(fields)
    return table if table.schema.equals(schema) else table.cast(schema)


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_decimal(kind):
        return pa.int64() if kind.scale == 0 else pa.float64()
    if pa.types.is_dictionary(kind):
        return _plain_type(kind.value_type)
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return ARROW_TYPES["timestamp"]
    return kind
