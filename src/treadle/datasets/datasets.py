"""The verbs of datasets: ingest, write, look up, read, compare, expire."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from treadle.clock import Clock, from_micros
from treadle.database import Database
from treadle.datasets.column import quoted
from treadle.datasets.diff import compare
from treadle.datasets.engine import Engine
from treadle.datasets.header import header_columns
from treadle.datasets.ingestion import Ingestion
from treadle.datasets.readers import frame
from treadle.datasets.record import Record
from treadle.datasets.source import Source
from treadle.datasets.store import VersionStore
from treadle.datasets.table import VersionedTable
from treadle.datasets.turns import my_turn
from treadle.datasets.version import DatasetDiff, DatasetVersion, Ingested
from treadle.errors import Conflict, InvalidInput, NotFound, suggest
from treadle.ids import Ids
from treadle.lineage import Lineage, Ref

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,99}")
_ATTEMPTS = 10
_STRAY_SECONDS = 86_400.0  # a file that no version has may be another writer's work for so long


class Datasets:
    """Rows of a project in versions that can be returned to.

    Tables lie below `tables` as Delta Lake folders. Their logs are the truth; the database only indexes them, and what a crash
    left out of it is put back the next time anybody looks. With `durability="power"` a version also survives power loss.
    """

    def __init__(
        self,
        database: Database,
        tables: Path,
        engine: Engine,
        *,
        project: str,
        clock: Clock,
        ids: Ids,
        lineage: Lineage | None = None,
        durability: str = "process",
    ) -> None:
        self._database = database
        self._folder = Path(tables) / project
        self._engine = engine
        self._clock = clock
        self._ids = ids
        self._lineage = lineage
        self._durability = durability
        self._store = VersionStore(database, project)
        engine.resolve_with(self.files)
        self.reconcile()

    # ---------------------------------------------------------------- write

    def ingest(self, source: Source, *, root: Path, note: str = "") -> Ingested:
        """Read a source into its dataset; a new version only when the rows differ from those of the latest.

        Relative paths are below `root`. New files beside unchanged ones are appended; changed or removed files have everything
        read again. Raises `InvalidInput` that names the file (line, column and value where there is one), `DeclarationError`
        when the source names a column that is not there, `Conflict` when other writers keep being faster.
        """
        return self._kept(source.name, lambda before: self._ingestion(before).ingest(source, root, note))

    def write(self, name: str, table: pa.Table, *, note: str = "") -> DatasetVersion:
        """Keep the rows of an Arrow table as the dataset `name`; its latest version when the rows are the same.

        Raises `InvalidInput` for a column type a dataset cannot hold.
        """
        if not _NAME.fullmatch(name):
            raise InvalidInput(
                f"{name!r} cannot be the name of a dataset.",
                mend="Begin with a letter; use letters, digits, '_' and '-', at most 100.",
                field="name",
            )
        rows = frame(table)
        return self._kept(name, lambda before: self._ingestion(before).write(name, rows, note)).version

    def expire(self, name: str, *, keep: int, dry_run: bool = True) -> tuple[DatasetVersion, ...]:
        """The versions whose rows go (or, with `dry_run`, would go) when only the newest `keep` stay readable.

        Their records remain, and reading them says that they expired. Files that a kept version shares are kept.
        """
        if keep < 1:
            raise InvalidInput("At least the newest version must be kept.", mend="Use keep=1 or more.", field="keep")
        records = self._known(name)
        held = {part for record in records[:keep] for part in record.parts}
        table = self._table(name)
        gone = []
        for record in records[keep:]:
            lost = [table.folder / part for part in record.parts if part not in held]
            if any(path.exists() for path in lost):
                gone.append(record.version)
            for path in [] if dry_run else lost:
                path.unlink(missing_ok=True)
        return tuple(gone)

    def reconcile(self) -> int:
        """Put versions that the Delta logs have and the database lacks into the database; how many there were."""
        if not self._folder.is_dir():
            return 0
        return sum(self._reconcile(path.name) for path in sorted(self._folder.iterdir()) if path.is_dir())

    # ---------------------------------------------------------------- look up

    def names(self) -> list[str]:
        """The datasets there are, sorted."""
        return self._store.names()

    def get(self, name: str, number: int | None = None) -> DatasetVersion:
        """A version by number, or the latest. Raises `NotFound` that offers what there is."""
        if number is None:
            self._reconcile(name)
            return self._latest(name).version
        record = self._store.get(name, number)
        if record is None:
            latest = self._known(name)[0].version.number
            raise NotFound(
                f"There is no version {number} of dataset {name!r}.",
                mend=f"Its versions are 1 to {latest}.",
                field="number",
            )
        return record.version

    def find(self, reference: str) -> DatasetVersion:
        """A version as people write it: `"flights"` (the latest) or `"flights@3"`. Raises `NotFound` or `InvalidInput`."""
        name, at, number = reference.partition("@")
        if at and not number.isdigit():
            raise InvalidInput(
                f"{reference!r} is no dataset version.", mend='Write "flights" or "flights@3".', field="dataset"
            )
        return self.get(name, int(number) if at else None)

    def history(self, name: str) -> list[DatasetVersion]:
        """All versions, newest first. Raises `NotFound`."""
        return [record.version for record in self._known(name)]

    def at(self, name: str, moment: datetime) -> DatasetVersion:
        """The version that was the latest at `moment` (business time). Raises `NotFound` when there was none yet."""
        first = self._known(name)[-1].version
        record = self._store.at(name, moment)
        if record is None:
            raise NotFound(
                f"Dataset {name!r} had no version yet at {moment.isoformat()}.",
                mend=f"Its first is of {first.created_at.isoformat()}.",
                field="moment",
            )
        return record.version

    def header(self, source: Source, *, root: Path) -> tuple[str, ...]:
        """The column names a source has now, without reading its rows. Raises `InvalidInput` that names the file."""
        return header_columns(source, root, self._engine)

    # ---------------------------------------------------------------- read

    def read(self, version: DatasetVersion, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of a version in the order they were read; only `columns` when given.

        Raises `NotFound` for a column that is not there and for a version whose rows expired or were erased.
        """
        for name in columns or ():
            if name not in version.column_names:
                raise NotFound(
                    f"{version} has no column {name!r}.", mend=suggest(name, version.column_names), field="columns"
                )
        chosen = ", ".join(quoted(name) for name in columns or version.column_names)
        return self._engine.query(f"SELECT {chosen} FROM rows", {"rows": version})

    def known_until(self, source: Source, version: DatasetVersion) -> datetime | None:
        """The newest moment at which a row of `version` became known: up to there it can tell what had happened.

        None for a source without times and for no rows.
        """
        if source.time is None:
            return None
        time = quoted(source.time)
        moment = f"greatest({time}, {quoted(source.created)})" if source.created else time
        sql = f"SELECT epoch_us(max({moment})) AS newest FROM rows"
        newest = self._engine.query(sql, {"rows": version})["newest"][0].as_py()
        return None if newest is None else from_micros(newest)

    def files(self, version: DatasetVersion) -> list[str]:
        """The Parquet files that hold a version's rows. Raises `NotFound` when they expired or were erased."""
        record = self._store.get(version.dataset, version.number)
        if record is None:
            self.get(version.dataset, version.number)
            raise NotFound(f"There is no dataset version {version}.", field="dataset")
        folder = self._table(version.dataset).folder
        paths = [folder / part for part in record.parts]
        if not all(path.exists() for path in paths):
            readable = [str(r.version) for r in self._known(version.dataset) if self._whole(r)]
            raise NotFound(
                f"The rows of {version} are gone: they expired or were erased. Its record remains.",
                mend=f"Readable: {', '.join(readable[:8])}." if readable else "Ingest its source again.",
                field="dataset",
            )
        return [str(path) for path in paths]

    def diff(self, a: DatasetVersion, b: DatasetVersion, key: Sequence[str] = (), *, examples: int = 10) -> DatasetDiff:
        """What differs between two versions by `key` (whole rows when empty), with a few examples of each kind.

        Raises `NotFound` when a key column is missing in one of them.
        """
        return compare(self._engine, a, b, tuple(key), examples)

    # ---------------------------------------------------------------- inside

    def _kept(self, name: str, work: Callable[[Record | None], tuple[Record, bool]]) -> Ingested:
        """Do the work on top of the latest version, again when another writer was faster, and index what came of it."""
        started = self._clock.monotonic()
        with my_turn(self._table(name).folder, self._clock):
            for left in reversed(range(_ATTEMPTS)):
                self._reconcile(name)
                before = self._store.latest(name)
                try:
                    record, new = work(before)
                except Conflict:
                    if not left:
                        raise
                    continue
                if new:
                    self._keep(record)
                    self._remove_strays(name)
                added = record.version.rows - (before.version.rows if before else 0) if new else 0
                return Ingested(record.version, new, added, self._clock.monotonic() - started)
        raise AssertionError  # the last attempt returned or raised

    def _remove_strays(self, name: str) -> None:
        known = {part for record in self._store.history(name) for part in record.parts}
        self._table(name).remove_strays(known, before=self._clock.wall().timestamp() - _STRAY_SECONDS)

    def _ingestion(self, before: Record | None) -> Ingestion:
        return Ingestion(self._engine, self._table, self._clock, self._ids, before)

    def _table(self, name: str) -> VersionedTable:
        return VersionedTable(self._folder / name, durability=self._durability)

    def _latest(self, name: str) -> Record:
        record = self._store.latest(name)
        if record is None:
            raise NotFound.among("dataset", name, self.names(), field="dataset")
        return record

    def _known(self, name: str) -> list[Record]:
        self._reconcile(name)
        records = self._store.history(name)
        if not records:
            raise NotFound.among("dataset", name, self.names(), field="dataset")
        return records

    def _whole(self, record: Record) -> bool:
        folder = self._table(record.version.dataset).folder
        return all((folder / part).exists() for part in record.parts)

    def _reconcile(self, name: str) -> int:
        if not _NAME.fullmatch(name):
            return 0  # no dataset is called so: an over-long name, or a path into another folder
        table = self._table(name)
        latest = self._store.latest(name)
        after = latest.version.table_version if latest else -1
        if not table.has(after + 1):
            return 0
        return sum(self._keep(record) for record in table.records_after(after))

    def _keep(self, record: Record) -> bool:
        """Index a version and its lineage together; the execution's name follows from the version, so twice is once."""
        version = record.version
        with self._database.transaction():
            added = self._store.add(record)
            if added and self._lineage is not None:
                execution = Ref("execution", f"ingest:{version}")
                self._lineage.record(execution, [Ref("source", version.dataset)], [version.ref], at=version.created_at)
        return added
