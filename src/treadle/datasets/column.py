"""The six types a dataset's columns have, whatever the rows came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

ColumnType = Literal["integer", "real", "text", "boolean", "timestamp", "date"]

COLUMN_TYPES: tuple[ColumnType, ...] = get_args(ColumnType)

SQL_TYPES: Mapping[ColumnType, str] = {
    "integer": "BIGINT",
    "real": "DOUBLE",
    "text": "VARCHAR",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "date": "DATE",
}


@dataclass(frozen=True, order=True)
class Column:
    """One column: its name and type. Timestamps are microseconds in UTC, integers 64 bits, reals double precision.

    >>> Column("distance", "integer")
    Column(name='distance', type='integer')
    """

    name: str
    type: ColumnType


def quoted(name: str) -> str:
    """A column or table name as SQL writes it.

    >>> quoted('the "x" column')
    '"the ""x"" column"'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text literal as SQL writes it.

    >>> print(literal("it's"))
    'it''s'
    """
    return "'" + text.replace("'", "''") + "'"
