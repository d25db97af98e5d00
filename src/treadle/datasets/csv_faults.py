"""What is wrong with a CSV file and in which line: a slow, exact second look when the engine refused it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from treadle.datasets.csv_files import opened
from treadle.datasets.files import SourceFile
from treadle.datasets.readers import Csv
from treadle.errors import InvalidInput

_SHOWN = 60


def find_fault(files: Sequence[SourceFile], widths: Sequence[int], reader: Csv) -> InvalidInput | None:
    """The first line that is no UTF-8, has too few or too many fields, or opens a quote that never closes; else None."""
    for file, width in zip(files, widths, strict=True):
        fault = _undecodable(file) or _torn(file, width, reader)
        if fault is not None:
            return fault
    return None


def find_value(
    files: Sequence[SourceFile], headers: Sequence[tuple[str, ...]], column: str, value: str, reader: Csv
) -> str:
    """`"file line N"` of the first row whose `column` holds `value`; only the files' names when it is not found."""
    for file, header in zip(files, headers, strict=True):
        position = header.index(column)
        for line, row in _rows(file, reader):
            if len(row) > position and row[position] == value:
                return f"{file.name} line {line}"
    return files[0].name if len(files) == 1 else f"{files[0].name} … {files[-1].name}"


def shortened(value: str) -> str:
    """A value short enough for a message."""
    return value if len(value) <= _SHOWN else value[:_SHOWN] + "…"


def _undecodable(file: SourceFile) -> InvalidInput | None:
    with opened(file) as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                return InvalidInput(
                    f"{file.name} line {number} is not UTF-8 text (byte {error.start + 1} is 0x{line[error.start]:02x}).",
                    mend="Save the file as UTF-8.",
                    field="path",
                )
    return None


def _torn(file: SourceFile, width: int, reader: Csv) -> InvalidInput | None:
    before = 1
    try:
        for line, row in _rows(file, reader):
            if row and len(row) != width:
                return InvalidInput(
                    f"{file.name} line {line} has {len(row)} fields, not {width} as the header says"
                    f" ({shortened(reader.delimiter.join(row))!r}).",
                    mend="Mend the line; a field that contains the delimiter must be quoted."
                    if len(row) > width
                    else "The line is torn: write the file again.",
                    field="path",
                )
            before = line
    except csv.Error as error:
        return InvalidInput(
            f"{file.name} cannot be read after line {before}: {error}.",
            mend='Look for a quote (") that is opened and never closed.',
            field="path",
        )
    return None


def _rows(file: SourceFile, reader: Csv) -> Iterator[tuple[int, list[str]]]:
    """The rows below the header with the line each begins in."""
    with opened(file) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
        rows = csv.reader(text, delimiter=reader.delimiter, strict=True)
        next(rows, None)
        line = rows.line_num + 1
        for row in rows:
            yield line, row
            line = rows.line_num + 1
