"""What rows are read from: CSV or Parquet files, or a data frame in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from treadle.datasets.column import COLUMN_TYPES, ColumnType
from treadle.datasets.declared import declared_at
from treadle.errors import DeclarationError, suggest

if TYPE_CHECKING:
    import pandas
    import pyarrow

Paths = str | Path | Sequence[str | Path]


@dataclass(frozen=True)
class Csv:
    """CSV files: UTF-8, with a header line, fields quoted by `"`. Make it with `csv()`."""

    patterns: tuple[str, ...]
    delimiter: str = ","
    nulls: tuple[str, ...] = ("", "NA")
    types: Mapping[str, ColumnType] = field(default_factory=dict, hash=False)
    timezone: str = "UTC"

    @property
    def digest(self) -> str:
        """Changes when the same bytes would be read as other rows."""
        parts = (self.delimiter, self.nulls, sorted(self.types.items()), self.timezone)
        return hashlib.sha256(f"csv {parts!r}".encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Parquet:
    """Parquet files. Make it with `parquet()`."""

    patterns: tuple[str, ...]
    timezone: str = "UTC"

    @property
    def digest(self) -> str:
        """Changes when the same bytes would be read as other rows."""
        return hashlib.sha256(f"parquet {self.timezone}".encode()).hexdigest()[:16]


@dataclass(frozen=True, eq=False)
class Frame:
    """Rows in memory: a pandas `DataFrame` or an Arrow table. Make it with `frame()`."""

    rows: Any = field(repr=False)
    timezone: str = "UTC"


Reader = Csv | Parquet | Frame


def csv(
    path: Paths,
    *,
    delimiter: str = ",",
    nulls: Sequence[str] = ("", "NA"),
    types: Mapping[str, ColumnType] | None = None,
    timezone: str = "UTC",
) -> Csv:
    """Rows of CSV files given by path or glob, relative to the project's root.

    `nulls` are the texts that mean a missing value; `types` fixes the type of a column instead of inferring it from all rows;
    `timezone` is the zone of timestamps that carry none. Raises `DeclarationError`.

    >>> csv("data/flights-*.csv", nulls=["NA"]).patterns
    ('data/flights-*.csv',)
    """
    where = declared_at()
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise DeclarationError(
            f"delimiter must be one character, not {delimiter!r}.",
            mend=r'Common ones are "," ";" "|" and "\t".',
            field="delimiter",
            where=where,
        )
    if isinstance(nulls, str):
        raise DeclarationError(
            "nulls is a list of texts, not one text.", mend=f"Write nulls=[{nulls!r}].", field="nulls", where=where
        )
    for name, kind in (types or {}).items():
        if kind not in COLUMN_TYPES:
            raise DeclarationError(
                f"types[{name!r}] is {kind!r}, which is no column type.",
                mend=suggest(str(kind), COLUMN_TYPES),
                field=f"types.{name}",
                where=where,
            )
    _check_zone(timezone, where)
    return Csv(_patterns(path, where), delimiter, tuple(nulls), dict(types or {}), timezone)


def parquet(path: Paths, *, timezone: str = "UTC") -> Parquet:
    """Rows of Parquet files given by path or glob, relative to the project's root.

    `timezone` is the zone of timestamps that carry none. Raises `DeclarationError`.

    >>> parquet("data/*.parquet").patterns
    ('data/*.parquet',)
    """
    where = declared_at()
    _check_zone(timezone, where)
    return Parquet(_patterns(path, where), timezone)


def frame(rows: pandas.DataFrame | pyarrow.Table, *, timezone: str = "UTC") -> Frame:
    """Rows of a pandas `DataFrame` or an Arrow table; a frame's index is not read.

    `timezone` is the zone of timestamps that carry none. Raises `DeclarationError`.
    """
    where = declared_at()
    _check_zone(timezone, where)
    if not (hasattr(rows, "column_names") or hasattr(rows, "dtypes")):
        raise DeclarationError(
            f"frame() takes a pandas DataFrame or an Arrow table, not {type(rows).__name__}.",
            mend="Wrap the rows: pandas.DataFrame(rows).",
            field="rows",
            where=where,
        )
    return Frame(rows, timezone)


def _patterns(path: Paths, where: str) -> tuple[str, ...]:
    given = [path] if isinstance(path, str | Path) else list(path)
    if not given or any(not str(one).strip() for one in given):
        raise DeclarationError(
            "A reader needs at least one path.", mend='Write, for example, "data/*.csv".', field="path", where=where
        )
    return tuple(str(one) for one in given)


def _check_zone(name: str, where: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise DeclarationError(
            f"{name!r} is not a time zone.",
            mend='Write an IANA name such as "UTC" or "America/New_York".',
            field="timezone",
            where=where,
        ) from error
