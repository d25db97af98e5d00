"""Reading what already has types (Parquet files, data frames) into one Parquet file with the six column types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from treadle.datasets.arrow import columns_of
from treadle.datasets.column import Column, ColumnType, literal, quoted
from treadle.datasets.conversion import common_type, failed_value, from_native, native_type, or_fail
from treadle.datasets.csv_faults import shortened
from treadle.datasets.engine import Session
from treadle.datasets.files import SourceFile
from treadle.datasets.reading import OtherTypes, Read, write_parquet
from treadle.errors import InvalidInput, suggest

Types = dict[str, str]  # column name to the engine's type


@dataclass(frozen=True)
class Part:
    """One file or frame: what to call it in a message, how SQL reads it, and its columns."""

    name: str
    relation: str
    types: Types


@dataclass(frozen=True)
class NativeReading:
    """One reading of parts that have types; `forced` and `expected` as in `CsvReading`."""

    session: Session
    parts: Sequence[Part]
    timezone: str
    forced: Mapping[str, ColumnType]
    expected: Read | None = None

    def write(self, target: Path) -> Read:
        """Read the parts and write their rows to the Parquet file `target`."""
        _check_same_columns(self.parts)
        kinds = self._kinds()
        if self.expected is not None:
            kinds = _fitted(kinds, self.expected)
        selects = [self._select(part, kinds) for part in self.parts]
        try:
            write_parquet(self.session, " UNION ALL ".join(selects), target)
        except InvalidInput as error:
            failed = failed_value(str(error.__cause__))
            if failed is None:
                raise
            name = list(kinds)[failed[0]]
            raise InvalidInput(
                f"Column {name!r} of {self.parts[0].name}: {shortened(failed[1])!r} is no {kinds[name]}.",
                mend="Mend the value or the type of the column.",
                field=name,
            ) from error
        return Read(tuple(Column(name, kind) for name, kind in kinds.items()), self._untyped(kinds))

    def _kinds(self) -> dict[str, ColumnType]:
        kinds: dict[str, ColumnType] = {}
        for name in self.parts[0].types:
            kind = self._kind(self.parts[0], name)
            for part in self.parts[1:]:
                other = self._kind(part, name)
                common = common_type(kind, other)
                if common is None:
                    raise InvalidInput(
                        f"Column {name!r} holds {other} values in {part.name}, but {kind} values in {self.parts[0].name}.",
                        mend="Write one of them again with the other's type.",
                        field=name,
                    )
                kind = common
            kinds[name] = self.forced.get(name, kind)
        return kinds

    def _kind(self, part: Part, name: str) -> ColumnType:
        kind = native_type(part.types[name])
        if kind is None:
            raise InvalidInput(
                f"Column {name!r} of {part.name} holds {part.types[name]} values, which a dataset cannot hold.",
                mend="Turn it into text or numbers, or spread it over several columns.",
                field=name,
            )
        return kind

    def _select(self, part: Part, kinds: Mapping[str, ColumnType]) -> str:
        chosen = []
        for i, (name, kind) in enumerate(kinds.items()):
            value, have = quoted(name), part.types[name]
            converted = from_native(value, have, kind, self.timezone)
            chosen.append(f"{converted if converted == value else or_fail(value, converted, i)} AS {value}")
        return f"SELECT {', '.join(chosen)} FROM {part.relation}"

    def _untyped(self, kinds: Mapping[str, ColumnType]) -> tuple[str, ...]:
        """Columns whose type is only a guess, because the parts have a type for nothing."""
        guessed = [name for name in kinds if all(part.types[name] in ('"NULL"', "NULL") for part in self.parts)]
        return tuple(guessed)


def parquet_parts(session: Session, files: Sequence[SourceFile]) -> list[Part]:
    """Parquet files as parts. Raises `InvalidInput` that names a file which is none."""
    parts = []
    for file in files:
        relation = f"read_parquet({literal(str(file.path))}, hive_partitioning = false)"
        try:
            parts.append(Part(file.name, relation, _described(session, relation)))
        except InvalidInput as error:
            raise InvalidInput(
                f"{file.name} is not a whole Parquet file.", mend="Write it again; it may be torn.", field="path"
            ) from error
    return parts


def frame_part(session: Session, rows: Any, name: str) -> Part:
    """A pandas `DataFrame` or Arrow table as a part; it is registered in the session as `given`."""
    table = rows if isinstance(rows, pa.Table) else _from_pandas(rows, name)
    _check_names(table.column_names, name)
    columns_of(table)
    session.add("given", _decoded(table))
    return Part(name, "given", _described(session, "given"))


def _described(session: Session, relation: str) -> Types:
    return {row[0]: row[1] for row in session.rows(f"DESCRIBE SELECT * FROM {relation}")}


def _from_pandas(frame: Any, name: str) -> pa.Table:
    names = list(frame.columns)
    if any(not isinstance(column, str) for column in names):
        odd = next(column for column in names if not isinstance(column, str))
        raise InvalidInput(
            f"Frame {name!r} has a column named {odd!r}, which is no text.",
            mend="Rename its columns: frame.columns = frame.columns.map(str).",
            field="columns",
        )
    _check_names(names, name)
    try:
        return pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        column = next((column for column in names if f"column {column} " in str(error)), "")
        raise InvalidInput(
            f"Column {column!r} of frame {name!r} mixes values of different types, or of a type a dataset cannot hold.",
            mend="Give it one type: frame[column].astype(…).",
            field=column,
        ) from error


def _decoded(table: pa.Table) -> pa.Table:
    """Dictionaries as their values, and nanoseconds as microseconds (the rest is cut off)."""
    for index, field in enumerate(table.schema):
        kind: pa.DataType = field.type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        if pa.types.is_timestamp(kind) and kind.unit == "ns":
            kind = pa.timestamp("us", tz=kind.tz)
        if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
            kind = pa.string()
        if kind != field.type:
            table = table.set_column(index, pa.field(field.name, kind), table.column(index).cast(kind, safe=False))
    return table


def _fitted(kinds: Mapping[str, ColumnType], expected: Read) -> dict[str, ColumnType]:
    wanted: dict[str, ColumnType] = {column.name: column.type for column in expected.columns}
    if set(wanted) != set(kinds):
        raise OtherTypes
    if any(name in expected.untyped or common_type(kinds[name], kind) != kind for name, kind in wanted.items()):
        raise OtherTypes
    return wanted


def _check_same_columns(parts: Sequence[Part]) -> None:
    first = parts[0]
    for part in parts[1:]:
        lost = [name for name in first.types if name not in part.types]
        extra = [name for name in part.types if name not in first.types]
        if lost or extra:
            name, has, lacks = (lost[0], first, part) if lost else (extra[0], part, first)
            raise InvalidInput(
                f"{lacks.name} has no column {name!r}, which {has.name} has.",
                mend=f"{suggest(name, extra if lost else lacks.types)} All files of a source need the same columns.",
                field=name,
            )


def _check_names(names: Sequence[str], where: str) -> None:
    seen: set[str] = set()
    for name in names:
        if not name.strip():
            raise InvalidInput(f"Frame {where!r} has a column without a name.", mend="Name it.", field="columns")
        if name.lower() in seen:
            raise InvalidInput(
                f"Frame {where!r} has the column {name!r} twice (upper and lower case count as one).",
                mend="Give every column a name of its own.",
                field=name,
            )
        seen.add(name.lower())
