"""The rows a join is asked for: entity keys and instants, checked once and brought into the types the features are kept in."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa

from treadle.datasets import Column, ColumnType
from treadle.errors import InvalidInput, suggest
from treadle.features.aggregates import in_micros
from treadle.features.view import FeatureView

_ARROW: dict[ColumnType, pa.DataType] = {
    "integer": pa.int64(),
    "text": pa.string(),
    "boolean": pa.bool_(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "date": pa.date32(),
}


class Asked:
    """A table of rows to be joined, whose column `time` holds the instant each row stands at."""

    def __init__(self, rows: pa.Table, time: str) -> None:
        if not isinstance(rows, pa.Table):
            raise InvalidInput(
                f"The rows must be an Arrow table, not {type(rows).__name__}.",
                mend="Turn a data frame into one: pyarrow.Table.from_pandas(frame).",
                field="rows",
            )
        self.rows = rows
        self.instants = _instants(rows, time)
        self._keys: dict[tuple[str, ColumnType], pa.ChunkedArray] = {}

    def check_free(self, views: list[FeatureView]) -> None:
        """Raise `InvalidInput` when a column that a view would append is there already."""
        taken = set(self.rows.column_names)
        for view in views:
            for column in view.columns:
                if column in taken:
                    raise InvalidInput(
                        f"The rows already have a column {column!r}, which feature view {view.name!r} would append.",
                        mend="Drop or rename it, or name each view once.",
                        field=column,
                    )
                taken.add(column)

    def key(self, column: Column, view: FeatureView) -> pa.ChunkedArray:
        """The entity column that a view needs, in the type it has there; raises `InvalidInput` for another type."""
        wanted = (column.name, column.type)
        if wanted not in self._keys:
            self._keys[wanted] = self._canonical(column, view)
        return self._keys[wanted]

    def ticks(self, every: timedelta | None) -> np.ndarray:
        """The instants, rounded down to whole multiples of `every` since 1970-01-01 UTC."""
        if every is None:
            return self.instants
        step = in_micros(every)
        return self.instants // step * step

    def _canonical(self, column: Column, view: FeatureView) -> pa.ChunkedArray:
        names = self.rows.column_names
        if column.name not in names:
            raise InvalidInput(
                f"The rows have no column {column.name!r}, the entity of feature view {view.name!r}.",
                mend=suggest(column.name, names),
                field=column.name,
            )
        found = self.rows.column(column.name)
        kind = found.type.value_type if pa.types.is_dictionary(found.type) else found.type
        same = {
            "integer": pa.types.is_integer(kind) or pa.types.is_floating(kind),
            "text": pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind),
            "boolean": pa.types.is_boolean(kind),
            "timestamp": pa.types.is_timestamp(kind),
            "date": pa.types.is_date(kind),
        }[column.type]
        if not same and not pa.types.is_null(kind):
            raise InvalidInput(
                f"The entity {column.name!r} is {kind} in the rows and {column.type} in feature view {view.name!r}; "
                "keys of different types never match.",
                mend=f"Turn it into {column.type} first.",
                field=column.name,
            )
        try:
            if pa.types.is_floating(kind):  # pandas holds integers with gaps as reals
                found = pa.chunked_array([pa.array(found.to_numpy(), from_pandas=True)])
            if pa.types.is_timestamp(kind):
                return _micros(found).cast(_ARROW["timestamp"])
            return found.cast(_ARROW[column.type])
        except pa.ArrowInvalid as error:
            raise InvalidInput(
                f"The entity {column.name!r} holds values that are not {column.type}s.",
                mend="Keys must match exactly: mend or drop those rows.",
                field=column.name,
            ) from error


def _instants(rows: pa.Table, time: str) -> np.ndarray:
    names = rows.column_names
    if time not in names:
        raise InvalidInput(f"The rows have no column {time!r}.", mend=suggest(time, names), field=time)
    found = rows.column(time)
    if not (pa.types.is_timestamp(found.type) or pa.types.is_date(found.type)):
        raise InvalidInput(
            f"The column {time!r} is {found.type} and not a moment in time.",
            mend="Read it as timestamps (those without a zone are taken as UTC).",
            field=time,
        )
    if found.null_count:
        raise InvalidInput(
            f"The column {time!r} is missing in {found.null_count} of {len(found)} rows.",
            mend="A row without an instant cannot be joined in time: fill it in or drop the rows.",
            field=time,
        )
    return _micros(found).to_numpy()


def _micros(found: pa.ChunkedArray) -> pa.ChunkedArray:
    """Instants as whole microseconds since 1970 UTC, rounded down."""
    if pa.types.is_date(found.type):
        found = found.cast(pa.timestamp("us"))
    if found.type.unit != "ns":
        return found.cast(pa.timestamp("us", tz=found.type.tz)).cast(pa.int64())
    missing = found.is_null().to_numpy()
    return pa.chunked_array([pa.array(found.cast(pa.int64()).fill_null(0).to_numpy() // 1000, mask=missing)])
