"""PostgreSQL through psycopg 3 (the `[postgres]` extra)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any, TypeVar

from treadle.database.dialect import Named
from treadle.errors import Conflict, InvalidInput, TreadleError, Unavailable

# A `:name` that is not part of a `::cast` and not inside a quoted literal.
_PARAMETER = re.compile(r"'(?:[^']|'')*'|(?<!:):([a-zA-Z_]\w*)")


_VALUES = "Whole numbers fit in 64 bits, text is valid Unicode without the NUL character."
T = TypeVar("T")

LOCK_SECONDS = 20
_SETTINGS = f"SET lock_timeout = '{LOCK_SECONDS}s'; SET synchronous_commit = "


class PostgresConnection:
    """One thread's connection to one server; reconnects when it was lost between transactions."""

    def __init__(self, url: str, durability: str) -> None:
        try:
            import psycopg
            from psycopg.rows import dict_row, tuple_row
        except ImportError as error:
            raise InvalidInput(
                "A postgresql:// database needs the psycopg driver.",
                mend="pip install 'treadle[postgres]'",
                field="storage.database",
            ) from error
        self.depth = 0
        self.spoiled = False
        self._settings = _SETTINGS + ("on" if durability == "power" else "local")
        self._psycopg: Any = psycopg
        self._rows, self._tuples = dict_row, tuple_row
        self._url = url
        self._process = os.getpid()
        self._raw = self._opened()

    def query(self, sql: str, params: Named) -> list[dict[str, Any]]:
        with self._meaning():
            return self._again(lambda raw: raw.execute(positional(sql), params).fetchall())

    def query_columns(self, sql: str, params: Named) -> list[list[Any]]:
        def ask(raw: Any) -> list[list[Any]]:
            with raw.cursor(row_factory=self._tuples) as cursor:
                rows = cursor.execute(positional(sql), params).fetchall()
                names = cursor.description or ()
            return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in names]

        with self._meaning():
            return self._again(ask)

    def execute(self, sql: str, params: Named) -> int:
        with self._meaning():
            return self._healthy().execute(positional(sql), params).rowcount

    def execute_many(self, sql: str, rows: Sequence[Named]) -> int:
        # The server-side cursor sends a batch without waiting for each answer.
        with self._meaning(), self._psycopg.Cursor(self._healthy()) as cursor:
            cursor.executemany(positional(sql), rows)
            return cursor.rowcount

    def script(self, sql: str) -> None:
        with self._meaning():
            self._healthy().execute(sql)

    def lock(self, name: str, shared: bool) -> None:
        kind = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
        self.query(f"SELECT {kind}(hashtextextended(:name, 7717))", {"name": name})

    def begin(self) -> None:
        with self._meaning():
            self._again(lambda raw: raw.execute("BEGIN"))

    def begin_snapshot(self) -> None:
        with self._meaning():
            self._again(lambda raw: raw.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"))

    def commit(self) -> None:
        with self._meaning():
            self._raw.execute("COMMIT")

    def rollback(self) -> None:
        with suppress(self._psycopg.Error):  # a connection that is lost has rolled back
            self._raw.execute("ROLLBACK")

    def undo_to(self, savepoint: str) -> bool:
        try:
            self._raw.execute(f"ROLLBACK TO SAVEPOINT {savepoint}; RELEASE SAVEPOINT {savepoint}")
        except self._psycopg.Error:
            return False
        return True

    def close(self) -> None:
        self._raw.close()

    def __del__(self) -> None:
        # A thread that ends lets go of its connection; one inherited through fork belongs to the parent.
        if hasattr(self, "_raw") and self._process == os.getpid():
            self._raw.close()

    def _again(self, action: Callable[[Any], T]) -> T:
        # A server that restarted has closed the connection: outside a transaction nothing is lost by asking once more.
        try:
            return action(self._healthy())
        except self._psycopg.OperationalError:
            if not self._raw.closed or self.depth:
                raise
            return action(self._healthy())

    def _healthy(self) -> Any:
        if self._raw.closed and not self.depth:
            self._raw = self._opened()
        return self._raw

    def _opened(self) -> Any:
        with self._meaning():
            # Values travel as literals, as they do in SQLite: PostgreSQL cannot infer the type of a lone parameter.
            raw = self._psycopg.connect(
                self._url,
                autocommit=True,
                row_factory=self._rows,
                cursor_factory=self._psycopg.ClientCursor,
                application_name="treadle",
                **({} if "connect_timeout" in self._url else {"connect_timeout": 10}),
            )
            raw.adapters.register_dumper(bool, raw.adapters.get_dumper(int, self._psycopg.adapt.PyFormat.TEXT))
            raw.execute(self._settings)
            return raw

    @contextmanager
    def _meaning(self) -> Iterator[None]:
        try:
            yield
        except self._psycopg.Error as error:
            raise self._translated(error) from error
        except UnicodeEncodeError as error:
            raise InvalidInput(f"A value cannot be stored in the database: {error}.", mend=_VALUES) from error

    def _translated(self, error: Exception) -> TreadleError:
        text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        kinds = self._psycopg.errors
        if isinstance(error, self._psycopg.IntegrityError):
            return Conflict(
                f"The database refused a row: {text}.", mend="It exists already, or something it needs is missing."
            )
        if isinstance(error, kinds.SerializationFailure | kinds.DeadlockDetected):
            return Conflict("Somebody else changed the same rows at the same moment.", mend="Try again.")
        if isinstance(error, kinds.LockNotAvailable):
            return Unavailable(
                f"The database was locked for {LOCK_SECONDS} s by another process.",
                mend="Look for a stuck writer and try again.",
            )
        if isinstance(error, kinds.ReadOnlySqlTransaction):
            return Unavailable(
                "The database is read-only here.", mend="Write outside the snapshot, to the primary server."
            )
        if isinstance(error, kinds.DiskFull):
            return Unavailable("The database server's disk is full.", mend="Free some space; nothing was changed.")
        if isinstance(error, self._psycopg.DataError):
            return InvalidInput(f"A value cannot be stored in the database: {text}.", mend=_VALUES)
        return Unavailable(
            f"The database failed: {text}.", mend="Check that it runs, and the address in storage.database."
        )


@lru_cache(maxsize=2048)
def positional(sql: str) -> str:
    """`:name` parameters as psycopg writes them, `%(name)s`; literals and casts stay.

    >>> positional("SELECT ':no', a::text FROM t WHERE b = :b AND c LIKE '5%'")
    "SELECT ':no', a::text FROM t WHERE b = %(b)s AND c LIKE '5%%'"
    """
    doubled = sql.replace("%", "%%")
    return _PARAMETER.sub(lambda m: f"%({m.group(1)})s" if m.group(1) else m.group(0), doubled)
