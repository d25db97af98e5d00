"""SQLite through the standard library: WAL, one writer at a time, readers never wait."""

from __future__ import annotations

import os
import random
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any

from treadle.database.dialect import Named
from treadle.errors import Conflict, Corrupt, InvalidInput, TreadleError, Unavailable

BUSY_SECONDS = 20.0
_LOOK_AGAIN_SECONDS = (0.0005, 0.003)
_NOTHING: Named = {}


class SqliteConnection:
    """One thread's connection to one file."""

    def __init__(self, path: str, durability: str) -> None:
        self.path = path
        self.depth = 0
        self.spoiled = False
        self._process = os.getpid()
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(
                f"The folder of the database {path} cannot be made: {error.strerror}.",
                mend="Check its permissions and the free space.",
            ) from error
        with _meaning(path):
            self._raw = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
            self._once_free(f"PRAGMA synchronous = {'FULL' if durability == 'power' else 'NORMAL'}")
            self._write_ahead()
            self._once_free("PRAGMA foreign_keys = ON")
            self._once_free("PRAGMA secure_delete = ON")  # what is erased must not stay readable in free pages

    def query(self, sql: str, params: Named) -> list[dict[str, Any]]:
        with _meaning(self.path):
            cursor = self._once_free(sql, params)
            rows = cursor.fetchall()
        if not rows:
            return []
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in rows]

    def query_columns(self, sql: str, params: Named) -> list[list[Any]]:
        with _meaning(self.path):
            cursor = self._once_free(sql, params)
            # one flat list, because so many tuples that are alive at once keep the garbage collector busy
            values = list(chain.from_iterable(cursor))
        width = len(cursor.description)
        return [values[place::width] for place in range(width)]

    def execute(self, sql: str, params: Named) -> int:
        with _meaning(self.path):
            return self._once_free(sql, params).rowcount

    def execute_many(self, sql: str, rows: Sequence[Named]) -> int:
        with _meaning(self.path):
            return self._raw.executemany(sql, rows).rowcount

    def script(self, sql: str) -> None:
        # executescript() would commit the surrounding transaction first, so statements run one by one.
        with _meaning(self.path):
            for statement in statements(sql):
                self._raw.execute(statement)

    def lock(self, name: str, shared: bool) -> None:  # noqa: ARG002 - the transaction holds the whole file
        return

    def begin(self) -> None:
        with _meaning(self.path):
            self._once_free("BEGIN IMMEDIATE")

    def begin_snapshot(self) -> None:
        with _meaning(self.path):
            self._raw.execute("BEGIN")
            self._raw.execute("PRAGMA query_only = ON")

    def commit(self) -> None:
        with _meaning(self.path):
            try:
                self._raw.execute("COMMIT")
            except sqlite3.Error:
                self.rollback()
                raise
            finally:
                self._raw.execute("PRAGMA query_only = OFF")

    def rollback(self) -> None:
        with suppress(sqlite3.Error):  # what remains open is rolled back with the connection
            if self._raw.in_transaction:
                self._raw.execute("ROLLBACK")
            self._raw.execute("PRAGMA query_only = OFF")

    def undo_to(self, savepoint: str) -> bool:
        try:
            self._raw.execute(f"ROLLBACK TO {savepoint}")
            self._raw.execute(f"RELEASE {savepoint}")
        except sqlite3.Error:  # a full disk or a failing one takes the whole transaction with it
            return False
        return True

    def close(self) -> None:
        self._raw.close()

    def __del__(self) -> None:
        # A thread that ends lets go of its connection; one inherited through fork belongs to the parent.
        if hasattr(self, "_raw") and self._process == os.getpid():
            self._raw.close()

    def _write_ahead(self) -> None:
        # Two processes that open a new file at once: SQLite's own waiting does not cover this one change.
        if self._once_free("PRAGMA journal_mode").fetchone()[0] != "wal":
            self._once_free("PRAGMA journal_mode = WAL")

    def _once_free(self, sql: str, params: Named = _NOTHING) -> sqlite3.Cursor:
        # SQLite's own waiting sleeps up to 100 ms between looks, so a busy neighbour that lets go only for a moment
        # between two transactions can keep it out for ever. Looking often gets in within a few of those moments.
        deadline = None
        while True:
            try:
                return self._raw.execute(sql, params)
            except sqlite3.OperationalError as error:
                deadline = deadline or time.monotonic() + BUSY_SECONDS
                if not _name(error).startswith("SQLITE_BUSY") or time.monotonic() > deadline:
                    raise
            time.sleep(random.uniform(*_LOOK_AGAIN_SECONDS))


def statements(sql: str) -> Iterator[str]:
    """The statements of a script, split where SQLite itself says one is complete."""
    pending = ""
    for line in sql.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending.strip()
            pending = ""
    if pending.strip():
        yield pending.strip()


def _name(error: Exception) -> str:
    return getattr(error, "sqlite_errorname", "") or ""


@contextmanager
def _meaning(path: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _translated(path, error) from error
    except (OverflowError, UnicodeEncodeError) as error:
        raise InvalidInput(
            f"A value cannot be stored in the database: {error}.",
            mend="Whole numbers fit in 64 bits, text is valid Unicode.",
        ) from error


def _translated(path: str, error: sqlite3.Error) -> TreadleError:
    text = str(error)
    name = _name(error)
    if isinstance(error, sqlite3.IntegrityError):
        return Conflict(
            f"The database refused a row: {text}.", mend="It exists already, or something it needs is missing."
        )
    if name.startswith("SQLITE_FULL"):
        return Unavailable(
            f"The disk is full: {path} could not be written.", mend="Free some space; nothing was changed."
        )
    if name.startswith("SQLITE_READONLY"):
        return Unavailable(
            f"The database {path} is read-only.", mend="Give this user write access to the file and its folder."
        )
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Unavailable(
            f"The database {path} was locked for {BUSY_SECONDS:.0f} s by another process.",
            mend="Look for a stuck writer and try again.",
        )
    if name.startswith("SQLITE_CANTOPEN"):
        return Unavailable(
            f"The database {path} cannot be opened.", mend="Check that its folder exists and may be written."
        )
    if name.startswith("SQLITE_IOERR"):
        return Unavailable(
            f"The disk failed under the database {path}: {text}.", mend="Check the disk and its free space."
        )
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return Corrupt(
            f"{path} is not a healthy SQLite database: {text}.", mend="Restore it from a backup, or move it away."
        )
    return Unavailable(f"The database {path} failed: {text}.")
