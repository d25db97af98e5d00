"""The closed data engine: DuckDB behind one verb that takes SQL and named tables and gives an Arrow table back."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from treadle.datasets.arrow import plain
from treadle.datasets.column import literal, quoted
from treadle.datasets.spill import own_folder
from treadle.datasets.version import DatasetVersion
from treadle.errors import Cancelled, InvalidInput, TreadleError, Unavailable

TableLike = DatasetVersion | pa.Table | pa.RecordBatchReader | Sequence[Path | str]
Resolve = Callable[[DatasetVersion], Sequence[str]]

_CLOSED = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",  # a table name must never be answered by a local Python variable
    "preserve_insertion_order": "true",
}


_abandoned: list[duckdb.DuckDBPyConnection] = []


class Engine:
    """Runs SQL over dataset versions, Arrow tables and Parquet files; safe to use from many threads.

    `memory_limit` is like `"4GB"`; what does not fit is spilled to `temp`. `threads=0` means one per processor. Each query has
    a cursor and tables of its own, runs in UTC, and reads its whole result out.
    """

    def __init__(
        self, *, memory_limit: str = "4GB", threads: int = 0, temp: Path, resolve: Resolve | None = None
    ) -> None:
        self._resolve = resolve
        self._temp = Path(temp)
        self._lock = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._process = os.getpid()
        if not re.fullmatch(r"\d+(\.\d+)?\s*([KMGT]i?B|%)", memory_limit, re.IGNORECASE):
            raise InvalidInput(
                f"{memory_limit!r} is not an amount of memory.",
                mend='Write it like "4GB".',
                field="storage.memory_limit",
            )
        if threads < 0:
            raise InvalidInput("threads must be 0 or more.", mend="0 is one per processor.", field="storage.threads")
        self._settings = {"memory_limit": memory_limit, "threads": threads or os.cpu_count() or 1}

    def resolve_with(self, resolve: Resolve) -> None:
        """Say how a dataset version becomes its Parquet files; `Datasets` does this when it is made."""
        self._resolve = resolve

    def query(
        self, sql: str, tables: Mapping[str, TableLike] | None = None, params: Mapping[str, Any] | None = None
    ) -> pa.Table:
        """The rows of `sql`, in which each name in `tables` stands for a dataset version, Arrow table or Parquet files.

        Parameters are written `$name`. Raises `Unavailable` when memory or the disk ran out, `InvalidInput` for wrong SQL.

        >>> import tempfile
        >>> engine = Engine(temp=Path(tempfile.gettempdir()))
        >>> numbers = pa.table({"a": [1, 2, 3]})
        >>> engine.query("SELECT sum(a) AS total FROM t WHERE a > $low", {"t": numbers}, {"low": 1})["total"].to_pylist()
        [5]
        """
        with self.session(tables) as session:
            return session.query(sql, params)

    @contextmanager
    def session(self, tables: Mapping[str, TableLike] | None = None) -> Iterator[Session]:
        """Several queries over the same tables and over temporary tables of their own; for the rooms that need them."""
        cursor = self._cursor()
        session = Session(cursor, self._files)
        try:
            for name, table in (tables or {}).items():
                session.add(name, table)
            yield session
        finally:
            cursor.close()

    def close(self) -> None:
        """Free the engine's memory and temporary files."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._connection is not None and self._process != os.getpid():
                # Its threads did not survive the fork; closing it here would wait for them for ever.
                _abandoned.append(self._connection)
                self._connection = None
            if self._connection is None:
                self._connection, self._process = self._opened(), os.getpid()
            return self._connection.cursor()

    def _opened(self) -> duckdb.DuckDBPyConnection:
        with meaning():
            config = {**_CLOSED, **self._settings, "temp_directory": str(own_folder(self._temp))}
            connection = duckdb.connect(":memory:", config=config)
            connection.execute("SET GLOBAL TimeZone = 'UTC'")
            return connection

    def _files(self, version: DatasetVersion) -> Sequence[str]:
        if self._resolve is None:
            raise InvalidInput(f"This engine does not know where {version} is kept.", mend="Make a Datasets with it.")
        return self._resolve(version)


class Session:
    """One cursor with its named tables; made by `Engine.session`, used by one thread."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, resolve: Resolve) -> None:
        self._cursor = cursor
        self._resolve = resolve

    def add(self, name: str, table: TableLike) -> None:
        """Let `name` stand for `table` in this session."""
        with meaning():
            if isinstance(table, pa.Table | pa.RecordBatchReader):
                self._cursor.register(name, table)
                return
            if isinstance(table, DatasetVersion):
                chosen = ", ".join(quoted(column.name) for column in table.columns)
                files: Sequence[Path | str] = self._resolve(table)
            else:
                chosen, files = "*", list(table)
            self._cursor.execute(f"CREATE TEMP VIEW {quoted(name)} AS SELECT {chosen} FROM {parquet_scan(files)}")

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        """The rows of `sql`; see `Engine.query`."""
        with meaning():
            relation = self._cursor.sql(sql, params=dict(params)) if params else self._cursor.sql(sql)
            return plain(relation.to_arrow_table())

    def rows(self, sql: str, params: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of `sql` as tuples of numbers, texts and lists; instants are asked for through `query`."""
        with meaning():
            return self._cursor.execute(sql, dict(params) if params else None).fetchall()

    def execute(self, sql: str, params: Mapping[str, Any] | None = None) -> None:
        """Run a statement that gives no rows (a temporary table, a `COPY`)."""
        with meaning():
            self._cursor.execute(sql, dict(params) if params else None)


def parquet_scan(files: Sequence[Path | str]) -> str:
    """The SQL that reads Parquet files in the given order."""
    if not files:
        raise InvalidInput("There are no files to read.", field="tables")
    listed = ", ".join(literal(str(file)) for file in files)
    return f"read_parquet([{listed}], hive_partitioning = false)"


@contextmanager
def meaning() -> Iterator[None]:
    """Translate what DuckDB raises into Treadle's errors."""
    try:
        yield
    except duckdb.Error as error:
        raise translated(error) from error


def translated(error: duckdb.Error) -> TreadleError:
    """The Treadle error that says what a DuckDB error means."""
    text = str(error).strip().split("\n\nLINE", 1)[0]
    first = text.splitlines()[0].removeprefix("IO Error: ").rstrip(".") if text else type(error).__name__
    if isinstance(error, duckdb.OutOfMemoryException):
        return Unavailable(
            "The data engine ran out of memory or of temporary space.",
            mend="Raise storage.memory_limit, or free space where the engine spills to.",
        )
    if isinstance(error, duckdb.InterruptException):
        return Cancelled("The query was interrupted.")
    if isinstance(error, duckdb.IOException):
        if "No space left" in text:
            return Unavailable("The disk is full.", mend="Free some space; nothing was changed.")
        return Unavailable(
            f"The data engine could not read or write: {first}.", mend="Check the permissions and the free space."
        )
    return InvalidInput(f"The data engine refused the query: {first}.", field="sql")
