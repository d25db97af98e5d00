"""A view at one instant as records of the online store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from treadle.features.keys import encode_key
from treadle.features.layout import Layout
from treadle.features.online import Record


def records_of(found: pa.Table, layout: Layout) -> Iterator[tuple[bytes, Record]]:
    """`(key, record)` for each line of a snapshot; see `ViewLookup` for what a record holds."""
    columns = [_values(column) for column in found.columns]
    width = len(layout.entity)
    return zip(map(encode_key, _lines(columns[:width])), _lines(columns[width:]), strict=True)


def _lines(columns: Sequence[list[Any]]) -> Iterator[tuple[Any, ...]]:
    return zip(*columns, strict=True)


def _values(column: pa.ChunkedArray) -> list[Any]:
    """Plain Python values; instants as microseconds, dates as days since 1970."""
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    elif pa.types.is_date(column.type):
        column = column.cast(pa.int32())
    if column.null_count == 0 and (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        return column.to_numpy().tolist()
    return column.to_pylist()
