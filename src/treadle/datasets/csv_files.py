"""CSV files: their header lines, and the SQL that reads them as text."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Sequence
from itertools import groupby
from typing import IO

from treadle.datasets.column import literal
from treadle.datasets.files import SourceFile
from treadle.datasets.readers import Csv
from treadle.errors import InvalidInput, suggest

_DELIMITERS = ",;\t|"


def opened(file: SourceFile) -> IO[bytes]:
    """The bytes of a file, unpacked when it ends in `.gz`."""
    return gzip.open(file.path, "rb") if file.path.suffix == ".gz" else file.path.open("rb")  # type: ignore[return-value]


def header_of(file: SourceFile, reader: Csv) -> tuple[str, ...]:
    """The column names in a file's first line.

    Raises `InvalidInput` that names the file when it is empty, not text, separated otherwise, or names columns twice.
    """
    try:
        with opened(file) as stream:
            line = stream.readline(1_000_000)
    except (OSError, EOFError) as error:
        raise InvalidInput(f"{file.name} cannot be unpacked: {error}.", mend="Write it again.", field="path") from error
    if not line.strip():
        raise InvalidInput(
            f"{file.name} is empty: it has not even a header line.",
            mend="Write it again or leave it out.",
            field="path",
        )
    text = _decoded(line, file)
    names = tuple(name.strip() for name in next(csv.reader(io.StringIO(text), delimiter=reader.delimiter)))
    if len(names) == 1:
        other = max(_DELIMITERS, key=text.count)
        if other != reader.delimiter and text.count(other):
            raise InvalidInput(
                f"{file.name} has a single column {names[0]!r} when it is separated by {reader.delimiter!r}.",
                mend=f"It looks separated by {other!r}: write csv(…, delimiter={other!r}).",
                field="delimiter",
            )
    _check_names(names, file)
    return names


def common_header(headers: Sequence[tuple[str, ...]], files: Sequence[SourceFile]) -> tuple[str, ...]:
    """The column names all files share, in the order of the first.

    Raises `InvalidInput` that names the file and the nearest name when one lacks a column of the others or has one more.
    """
    first = headers[0]
    for header, file in zip(headers, files, strict=True):
        lost = [name for name in first if name not in header]
        extra = [name for name in header if name not in first]
        if lost:
            raise InvalidInput(
                f"{file.name} has no column {lost[0]!r}, which {files[0].name} has.",
                mend=f"{suggest(lost[0], extra or header)} All files of a source need the same columns.",
                field=lost[0],
            )
        if extra:
            raise InvalidInput(
                f"{file.name} has a column {extra[0]!r}, which {files[0].name} lacks.",
                mend="Add it to the other files (it may be empty there) or remove it: "
                "all files of a source need the same columns.",
                field=extra[0],
            )
    return first


def text_relation(
    files: Sequence[SourceFile], headers: Sequence[tuple[str, ...]], names: Sequence[str], reader: Csv
) -> str:
    """The SQL whose rows are those of all files in order, every value as text; columns are `c0`, `c1`, … by `names`."""
    parts = []
    for header, run in groupby(zip(headers, files, strict=True), key=lambda pair: pair[0]):
        paths = ", ".join(literal(str(file.path)) for _, file in run)
        columns = ", ".join(f"'c{names.index(name)}': 'VARCHAR'" for name in header)
        nulls = ", ".join(literal(null) for null in reader.nulls) or "''"
        chosen = ", ".join(f"c{i}" for i in range(len(names)))
        parts.append(
            f"SELECT {chosen} FROM read_csv([{paths}], columns = {{{columns}}}, delim = {literal(reader.delimiter)},"
            f" quote = '\"', escape = '\"', header = true, nullstr = [{nulls}], auto_detect = false, strict_mode = true,"
            f" null_padding = false, ignore_errors = false)"
        )
    return " UNION ALL ".join(parts)


def _decoded(line: bytes, file: SourceFile) -> str:
    if line.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InvalidInput(f"{file.name} is written in UTF-16.", mend="Save it as UTF-8.", field="path")
    if b"\x00" in line or line.startswith((b"PAR1", b"PK\x03\x04")):
        hint = "Use parquet(…)." if line.startswith(b"PAR1") else "Unpack or export it as CSV text."
        raise InvalidInput(f"{file.name} is not a CSV text file.", mend=hint, field="path")
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{file.name} line 1 is not UTF-8 text (byte {error.start + 1} is 0x{line[error.start]:02x}).",
            mend="Save the file as UTF-8.",
            field="path",
        ) from error


def _check_names(names: Sequence[str], file: SourceFile) -> None:
    seen: dict[str, str] = {}
    for position, name in enumerate(names, start=1):
        if not name:
            raise InvalidInput(
                f"{file.name}: column {position} of {len(names)} has no name in the header line.",
                mend="Give every column a name.",
                field="header",
            )
        if name.lower() in seen:
            twin = seen[name.lower()]
            how = "twice" if twin == name else f"and {twin!r}, which differ only in upper and lower case"
            raise InvalidInput(
                f"{file.name} has the column {name!r} {how}.", mend="Give every column a name of its own.", field=name
            )
        seen[name.lower()] = name
