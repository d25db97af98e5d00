"""The columns of a source, looked up without reading its rows."""

from __future__ import annotations

from pathlib import Path

from treadle.datasets.csv_files import common_header, header_of
from treadle.datasets.engine import Engine
from treadle.datasets.files import match_files
from treadle.datasets.native_reading import frame_part, parquet_parts
from treadle.datasets.readers import Csv, Frame
from treadle.datasets.source import Source


def header_columns(source: Source, root: Path, engine: Engine) -> tuple[str, ...]:
    """The column names a source has now, in order; raises `InvalidInput` that names the file that has none."""
    if isinstance(source.reader, Frame):
        with engine.session() as session:
            return tuple(frame_part(session, source.reader.rows, source.name).types)
    files = match_files(source.reader.patterns, root)
    if isinstance(source.reader, Csv):
        return common_header([header_of(file, source.reader) for file in files], files)
    with engine.session() as session:
        return tuple(parquet_parts(session, files[:1])[0].types)
