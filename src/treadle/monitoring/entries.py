"""Labels and signals as they come by wire and by file: JSON, JSON lines, CSV, Parquet, tables in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

from treadle.clock import parse_moment
from treadle.errors import InvalidInput, NotFound, Unavailable, suggest
from treadle.monitoring.labels import LabelEntry, Value

if TYPE_CHECKING:
    import pyarrow as pa

MOST = 100_000
"""Entries of one request: more would keep everybody else who writes waiting for longer than they are ready to."""
_Said = TypeVar("_Said")
_EXAMPLES = {
    "labels": '{"labels": [{"prediction_id": "r7.0", "value": true, "at": "2013-04-01T06:00:00Z"}]}',
    "signals": '{"signal": "clicked", "signals": [{"prediction_id": "r7.0", "value": 1, "at": "2013-04-01T06:00:00Z"}]}',
    "line": 'one {"prediction_id": "r7.0", "value": true, "at": "2013-04-01T06:00:00Z"} a line',
}


class WrittenEntry(msgspec.Struct, forbid_unknown_fields=True):
    """A `LabelEntry` as it is written: a misspelt `at` would be another moment, so what nobody knows is refused."""

    prediction_id: str
    value: Value
    at: datetime | None = None


class FeedbackBody(msgspec.Struct, forbid_unknown_fields=True):
    """One request: `labels`, or `signals` of one name in `signal`; `source` says who sends it."""

    labels: list[WrittenEntry] | None = None
    signals: list[WrittenEntry] | None = None
    signal: str = ""
    source: str = ""

    def entries(self, kind: Literal["labels", "signals"]) -> list[LabelEntry]:
        """What it says under one of the two; raises `InvalidInput` when it says nothing there, or something elsewhere."""
        found, other = (self.labels, self.signals) if kind == "labels" else (self.signals, self.labels)
        if found is None or other is not None:
            raise InvalidInput(
                f"The body must hold {kind}, and nothing else.", mend=f"Send {_EXAMPLES[kind]}.", field=kind
            )
        if len(found) > MOST:
            raise InvalidInput(
                f"The body holds {len(found):,} entries; {MOST:,} are taken at once.",
                mend="Send it in parts.",
                field=kind,
            )
        return [LabelEntry(one.prediction_id, one.value, one.at) for one in found]


_body = msgspec.json.Decoder(FeedbackBody)
_line = msgspec.json.Decoder(WrittenEntry)


def read_body(data: bytes, kind: Literal["labels", "signals"], *, lines: bool = False) -> FeedbackBody:
    """What a request says; with `lines` its body is one entry a line. Raises `InvalidInput` that names the field or the line."""
    if not lines:
        return _decoded(_body, data, _EXAMPLES[kind])
    entries = [
        _decoded(_line, line, _EXAMPLES["line"], f"line {number}")
        for number, line in enumerate(data.splitlines(), 1)
        if line and not line.isspace()
    ]
    return FeedbackBody(labels=entries) if kind == "labels" else FeedbackBody(signals=entries)


def _decoded(decoder: msgspec.json.Decoder[_Said], data: bytes, example: str, where: str = "") -> _Said:
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        text = str(error)
        field = text.partition("`$.")[2].partition("`")[0] if "`$." in text else ""
        raise InvalidInput(
            f"The entries cannot be read: {where}{': ' if where else ''}{text}.",
            mend=f"Send {example}.",
            field=".".join(filter(None, (where, field))) or "body",
        ) from error


def entries_of(
    table: Any, *, id: str = "prediction_id", value: str = "value", time: str | None = None
) -> list[LabelEntry]:
    """Entries from the columns of a table or file (see `table_of`); rows without a value are passed over.

    Raises `InvalidInput` that names a missing column, and the row of a moment that is none or of an id that is missing.
    """
    rows = table_of(table, words=[id])
    ids, values = ids_of(rows, id), column(rows, value)
    times = None if time is None else column(rows, time)
    moments = [None] * len(ids) if times is None else times.to_pylist()
    return [
        LabelEntry(identifier, said, _moment(at, row))
        for row, (identifier, said, at) in enumerate(zip(ids, values.to_pylist(), moments, strict=True))
        if said is not None
    ]


def ids_of(table: pa.Table, name: str) -> list[str]:
    """The prediction ids in a column, as text; raises `InvalidInput` that names the first row without one."""
    found = column(table, name).to_pylist()
    for row, one in enumerate(found):
        if one is None or one == "":
            raise InvalidInput(f"Row {row} has no {name}.", mend="Leave that row out, or give it its id.", field=name)
    return [one if isinstance(one, str) else str(one) for one in found]


def table_of(data: Any, *, words: Collection[str] = ()) -> pa.Table:
    """A table from itself, from columns, rows, a data frame, or the path of a CSV, Parquet or JSON-lines file.

    The columns in `words` are taken from a file as they are written: an id "007" is no number, an id "2013-01-01" no date.
    Raises `NotFound` for a file that is not there, `InvalidInput` for one that cannot be read.
    """
    import pyarrow as pa

    if isinstance(data, pa.Table):
        return data
    if isinstance(data, str | Path):
        return _file(Path(data), words)
    try:
        if isinstance(data, Mapping):
            return pa.table(dict(data))
        if isinstance(data, Sequence):
            return pa.Table.from_pylist(list(data))
        return pa.Table.from_pandas(data, preserve_index=False)
    except (pa.ArrowException, TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(
            f"Rows cannot be read from {type(data).__name__}: {error}.",
            mend="Give a data frame, an Arrow table, a list of dicts or the path of a file.",
            field="table",
        ) from error


def column(table: pa.Table, name: str) -> pa.ChunkedArray:
    """A column; raises `InvalidInput` with the nearest name when it is not there."""
    if name not in table.column_names:
        raise InvalidInput(f"There is no column {name!r}.", mend=suggest(name, table.column_names), field=name)
    return table[name]


def _file(path: Path, words: Collection[str]) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv, json, parquet

    as_written = csv.ConvertOptions(column_types={name: pa.string() for name in words})

    def read_lines(path: Path) -> pa.Table:
        found = json.read_json(path)
        dates = [name for name in words if name in found.column_names and pa.types.is_temporal(found[name].type)]
        if not dates:  # an id that looks like a date was taken for one
            return found
        kept = pa.schema([(name, pa.string()) for name in dates])
        return json.read_json(path, parse_options=json.ParseOptions(explicit_schema=kept))

    readers: dict[str, Any] = {
        ".csv": lambda path: csv.read_csv(path, convert_options=as_written),
        ".parquet": parquet.read_table,
        ".jsonl": read_lines,
        ".ndjson": read_lines,
        ".json": read_lines,
    }
    suffix = path.suffix.lower()
    if suffix not in readers:
        raise InvalidInput(f"{path} is no table.", mend="Give a .csv, .parquet or .jsonl file.", field="table")
    try:
        if suffix == ".json" and _holds_array(path):
            raise InvalidInput(
                f"{path} holds one JSON array.", mend="Write one object a line, without [ and ].", field="table"
            )
        return readers[suffix](path)
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {path}.", mend="Check the path.", field="table") from error
    except pa.ArrowException as error:
        raise InvalidInput(f"{path} cannot be read: {error}.", mend="Mend the file.", field="table") from error
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error}.", mend="Check its permissions.") from error


def _holds_array(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(64).lstrip().startswith(b"[")


def _moment(value: Any, row: int) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    return parse_moment(value, field=f"labels[{row}].at")
