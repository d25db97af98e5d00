"""One ingestion: read what is new, write it as Parquet, and commit it when the rows differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from treadle.clock import Clock
from treadle.datasets.column import ColumnType
from treadle.datasets.csv_reading import CsvReading
from treadle.datasets.engine import Engine, Session, parquet_scan
from treadle.datasets.files import SourceFile, match_files
from treadle.datasets.fingerprint import fingerprint, sum_rows
from treadle.datasets.native_reading import NativeReading, frame_part, parquet_parts
from treadle.datasets.plan import Plan, decide
from treadle.datasets.readers import Csv, Frame
from treadle.datasets.reading import OtherTypes, Read
from treadle.datasets.record import Record
from treadle.datasets.source import Source
from treadle.datasets.table import VersionedTable
from treadle.datasets.version import DatasetVersion
from treadle.errors import Conflict, InvalidInput, Unavailable
from treadle.ids import Ids

Outcome = tuple[Record, bool]  # the record now current, and whether it is new


@dataclass(frozen=True)
class Ingestion:
    """Reads one source on top of `before`, the latest version there is."""

    engine: Engine
    table_of: Callable[[str], VersionedTable]
    clock: Clock
    ids: Ids
    before: Record | None

    def ingest(self, source: Source, root: Path, note: str) -> Outcome:
        """Read `source` as it is now."""
        if isinstance(source.reader, Frame):
            return self._frame(source.name, source.reader, _forced(source), note, source)
        files = match_files(source.reader.patterns, root)
        reading = f"{source.reader.digest} {source.time} {source.created}"
        before = self.before
        if before is not None and not _readable(self.table_of(source.name), before):
            before = None  # its rows were deleted: read every file again, for there is nothing to stand on
        had = before.digests if before else ()
        plan = decide(had, files, same_reading=before is not None and before.reading == reading)
        if plan.kind == "same" and before is not None:
            return before, False
        if plan.kind == "append":
            try:
                return self._read(source, files, plan, reading, note)
            except OtherTypes:
                plan = Plan("rewrite", files)
        return self._read(source, files, plan, reading, note)

    def write(self, name: str, rows: Frame, note: str) -> Outcome:
        """Keep the rows of a frame."""
        return self._frame(name, rows, {}, note, None)

    def _frame(
        self, name: str, rows: Frame, forced: Mapping[str, ColumnType], note: str, source: Source | None
    ) -> Outcome:
        table, part = self._target(name)
        with self.engine.session() as session, _discarded_on_error(part):
            read = NativeReading(session, [frame_part(session, rows.rows, name)], rows.timezone, forced).write(part)
            if source is not None:
                source.check_columns(column.name for column in read.columns)
            record = self._record(session, name, read, part, note)
            return self._commit(table, record, part, append=False)

    def _read(self, source: Source, files: tuple[SourceFile, ...], plan: Plan, reading: str, note: str) -> Outcome:
        before = self.before if plan.kind == "append" else None
        expected = Read(before.version.columns, before.untyped) if before else None
        table, part = self._target(source.name)
        with self.engine.session() as session, _discarded_on_error(part):
            forced = _forced(source)
            if isinstance(source.reader, Csv):
                read = CsvReading(session, source.reader, plan.files, forced, expected).write(part)
            else:
                parts = parquet_parts(session, plan.files)
                read = NativeReading(session, parts, source.reader.timezone, forced, expected).write(part)
            source.check_columns(column.name for column in read.columns)
            changed = next((file.name for file in plan.files if file.changed()), None)
            if changed is not None:
                raise Conflict(f"{changed} was written while it was read.", mend="Ingest again when it is whole.")
            record = self._record(session, source.name, read, part, note, before)
            if record.version.rows == 0:
                raise InvalidInput(
                    f"{', '.join(file.name for file in files[:3])} of source {source.name!r} have a header but no rows.",
                    mend="Check how the data is exported.",
                    field="path",
                )
            named = replace(record.version, files=tuple(file.name for file in files))
            digests = tuple(file.digest for file in files)
            record = replace(record, version=named, digests=digests, reading=reading)
            return self._commit(table, record, part, append=before is not None)

    def _target(self, name: str) -> tuple[VersionedTable, Path]:
        number = self.before.version.number + 1 if self.before else 1
        table = self.table_of(name)
        try:
            table.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(
                f"The folder {table.folder} cannot be made: {error.strerror}.",
                mend="Check its permissions and the free space.",
            ) from error
        return table, table.folder / f"part-{number:08d}-{self.ids.new()}.parquet"

    def _record(
        self, session: Session, name: str, read: Read, part: Path, note: str, before: Record | None = None
    ) -> Record:
        """The record of the rows in `part`, together with those of `before` when they are appended to it."""
        sums = sum_rows(session, parquet_scan([part]), read.columns)
        if before is not None:
            sums = before.sums + sums
        version = DatasetVersion(
            dataset=name,
            number=self.before.version.number + 1 if self.before else 1,
            fingerprint=fingerprint(read.columns, sums),
            rows=sums.rows,
            columns=read.columns,
            table_version=-1,
            created_at=self.clock.now(),
            note=note,
        )
        return Record(version, sums, untyped=read.untyped)

    def _commit(self, table: VersionedTable, record: Record, part: Path, *, append: bool) -> Outcome:
        before = self.before
        if before is not None and record.version.fingerprint == before.version.fingerprint and _readable(table, before):
            part.unlink(missing_ok=True)
            return before, False
        rows = record.sums.rows - (before.sums.rows if append and before else 0)
        return table.commit(record, part.name, rows, "append" if append else "overwrite"), True


def _forced(source: Source) -> dict[str, ColumnType]:
    return {name: "timestamp" for name in (source.time, source.created) if name}


def _readable(table: VersionedTable, record: Record) -> bool:
    return all((table.folder / part).exists() for part in record.parts)


@contextmanager
def _discarded_on_error(part: Path) -> Iterator[None]:
    """Remove a part that was written for nothing."""
    try:
        yield
    except BaseException:
        with suppress(OSError):  # on a disk that cannot be written, the first error is the one to tell
            part.unlink(missing_ok=True)
        raise
