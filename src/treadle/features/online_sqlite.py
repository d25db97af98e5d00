"""The online store in a SQLite file: read by serving workers with nothing but the standard library and msgspec.

It is the one room besides `database` that opens SQLite itself, because a worker reads it hundreds of thousands of times a second
on its hot path and must not load anything for it. Readers never wait (write-ahead log); a table changes in one transaction.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from treadle.errors import Corrupt, TreadleError, Unavailable
from treadle.features.online import Origin, Record, Tick, refuse_backwards, stretched

BUSY_SECONDS = 20.0
_decode = msgspec.msgpack.Decoder(list).decode
_encode = msgspec.msgpack.Encoder().encode
_TICKS = "CREATE TABLE IF NOT EXISTS ticks (name TEXT PRIMARY KEY, as_of BIGINT NOT NULL, entities BIGINT NOT NULL) WITHOUT ROWID"
_ORIGINS = (
    "CREATE TABLE IF NOT EXISTS origins (name TEXT NOT NULL, first BIGINT NOT NULL, last BIGINT NOT NULL, origin TEXT NOT NULL, "
    "PRIMARY KEY (name, first)) WITHOUT ROWID"
)


class SqliteOnlineStore:
    """One file for all views of one project and environment. Safe to use from many threads and processes.

    `durability="power"` survives power loss too. Raises `Unavailable` when the file cannot be read or written, and `Corrupt` when
    it is no healthy database.
    """

    def __init__(self, path: Path | str, *, durability: str = "process") -> None:
        self.path = Path(path)
        self._synchronous = "FULL" if durability == "power" else "NORMAL"
        self._local = threading.local()
        self._lock = threading.Lock()
        self._open: list[sqlite3.Connection] = []
        self._selects: dict[str, str] = {}
        _stores.add(self)

    def write(
        self,
        table: str,
        rows: Iterable[tuple[bytes, Record]],
        as_of: int,
        *,
        origin: str = "",
        backwards: bool = False,
    ) -> int:
        """See `OnlineStore.write`."""
        name = _quoted(table)
        with self._meaning(), self._transaction() as connection:
            connection.execute(_TICKS)
            held = _tick(connection, table)
            if held is not None:
                refuse_backwards(held, as_of, backwards)
            connection.execute(f"CREATE TABLE IF NOT EXISTS {name} (k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID")
            connection.execute(f"DELETE FROM {name}")
            encoded = ((key, _encode(record)) for key, record in rows)
            written = connection.executemany(f"INSERT INTO {name} VALUES (?, ?)", encoded).rowcount
            connection.execute("INSERT OR REPLACE INTO ticks VALUES (?, ?, ?)", (table, as_of, max(written, 0)))
            _write_origin(connection, table, as_of, origin)
        return max(written, 0)

    def change(
        self,
        table: str,
        rows: Iterable[tuple[bytes, Record]],
        gone: Iterable[bytes],
        as_of: int,
        *,
        since: int,
        origin: str,
    ) -> Tick | None:
        """See `OnlineStore.change`."""
        name, encoded = _quoted(table), {key: _encode(record) for key, record in rows}
        keys = [(key,) for key in (*encoded, *gone)]
        with self._meaning(), self._transaction() as connection:
            connection.execute(_TICKS)
            connection.execute(_ORIGINS)
            held = _tick(connection, table)
            if (
                held is None
                or held.as_of != since
                or since > as_of
                or _newest_origin(connection, table) != (since, origin)
            ):
                return None
            fewer = connection.executemany(f"DELETE FROM {name} WHERE k = ?", keys).rowcount if keys else 0
            if encoded:
                connection.executemany(f"INSERT INTO {name} VALUES (?, ?)", encoded.items())
            tick = Tick(table, as_of, held.entities - fewer + len(encoded))
            connection.execute("UPDATE ticks SET as_of = ?, entities = ? WHERE name = ?", (as_of, tick.entities, table))
            connection.execute("UPDATE origins SET last = ? WHERE name = ? AND last = ?", (as_of, table, since))
        return tick

    def origins(self, table: str) -> list[Origin]:
        """See `OnlineStore.origins`."""
        with self._meaning():
            connection = self._reader()
            return [] if connection is None or not _has(connection, "origins") else _origins(connection, table)

    def read(self, table: str, keys: Sequence[bytes]) -> list[Record | None]:
        """See `OnlineStore.read`."""
        select = self._selects.get(table)
        if select is None:
            select = self._selects[table] = f"SELECT v FROM {_quoted(table)} WHERE k = ?"
        try:
            connection = getattr(self._local, "connection", None) or self._reader()
            if connection is None:
                return [None] * len(keys)
            if len(keys) == 1:
                found = connection.execute(select, keys).fetchone()
                return [None if found is None else _decode(found[0])]
            return self._several(connection, select, keys)
        except sqlite3.Error as error:
            if "no such table" in str(error):
                return [None] * len(keys)
            raise self._translated(error) from error

    def tick(self, table: str) -> Tick | None:
        """See `OnlineStore.tick`."""
        with self._meaning():
            connection = self._reader()
            return None if connection is None or not _has(connection, "ticks") else _tick(connection, table)

    def ticks(self) -> list[Tick]:
        """See `OnlineStore.ticks`."""
        with self._meaning():
            connection = self._reader()
            if connection is None or not _has(connection, "ticks"):
                return []
            return [Tick(*row) for row in connection.execute("SELECT name, as_of, entities FROM ticks ORDER BY name")]

    def drop(self, table: str) -> None:
        """See `OnlineStore.drop`."""
        if self.tick(table) is None:
            return
        with self._meaning(), self._transaction() as connection:
            connection.execute(f"DROP TABLE IF EXISTS {_quoted(table)}")
            connection.execute("DELETE FROM ticks WHERE name = ?", (table,))
            connection.execute(_ORIGINS)
            connection.execute("DELETE FROM origins WHERE name = ?", (table,))

    def close(self) -> None:
        """Close the connections of every thread."""
        with self._lock:
            for connection in self._open:
                connection.close()
            self._open.clear()
        self._local = threading.local()

    def _forget_parent(self) -> None:
        """In a forked child: SQLite connections must not cross a fork, not even to be closed."""
        _parents.extend(self._open)
        self._open, self._local, self._lock = [], threading.local(), threading.Lock()

    def _several(self, connection: sqlite3.Connection, select: str, keys: Sequence[bytes]) -> list[Record | None]:
        """Several keys as one table: a transaction holds one state of it for all of them."""
        if connection.in_transaction:
            return [None if (v := connection.execute(select, (k,)).fetchone()) is None else _decode(v[0]) for k in keys]
        connection.execute("BEGIN")
        try:
            return self._several(connection, select, keys)
        finally:
            connection.execute("COMMIT")

    def _reader(self) -> sqlite3.Connection | None:
        """This thread's connection, or None while nobody has written the file yet (reading must not make it)."""
        connection = getattr(self._local, "connection", None)
        if connection is None and self.path.exists():
            connection = self._connected()
        return connection

    def _made(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(
                f"The folder of the online store {self.path} cannot be made: {error.strerror}.",
                mend="Check its permissions and the free space.",
            ) from error
        return self._connected()

    def _connected(self) -> sqlite3.Connection:
        found = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        found.execute(f"PRAGMA synchronous = {self._synchronous}")
        if found.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            found.execute("PRAGMA journal_mode = WAL")
        self._local.connection = found
        with self._lock:
            self._open.append(found)
        return found

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._reader() or self._made()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        try:
            connection.execute("COMMIT")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    @contextmanager
    def _meaning(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._translated(error) from error

    def _translated(self, error: sqlite3.Error) -> TreadleError:
        name = getattr(error, "sqlite_errorname", "") or ""
        if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
            return Corrupt(
                f"The online store {self.path} is not a healthy SQLite database: {error}.",
                mend="Move it away and materialise the feature views again.",
            )
        if name.startswith("SQLITE_FULL"):
            return Unavailable(f"The disk is full: {self.path} could not be written.", mend="Free some space.")
        if name.startswith("SQLITE_READONLY"):
            return Unavailable(f"The online store {self.path} is read-only.", mend="Give this user write access.")
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return Unavailable(
                f"The online store {self.path} was locked for {BUSY_SECONDS:.0f} s.", mend="Look for a stuck writer."
            )
        return Unavailable(f"The online store {self.path} failed: {error}.", mend="Check the file and its folder.")


def _tick(connection: sqlite3.Connection, table: str) -> Tick | None:
    row = connection.execute("SELECT name, as_of, entities FROM ticks WHERE name = ?", (table,)).fetchone()
    return Tick(*row) if row else None


def _has(connection: sqlite3.Connection, table: str) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone() is not None


def _origins(connection: sqlite3.Connection, table: str) -> list[Origin]:
    sql = "SELECT first, last, origin FROM origins WHERE name = ? ORDER BY first"
    return [Origin(*row) for row in connection.execute(sql, (table,))]


def _newest_origin(connection: sqlite3.Connection, table: str) -> tuple[int, str] | None:
    sql = "SELECT last, origin FROM origins WHERE name = ? ORDER BY first DESC LIMIT 1"
    return connection.execute(sql, (table,)).fetchone()


def _write_origin(connection: sqlite3.Connection, table: str, as_of: int, origin: str) -> None:
    connection.execute(_ORIGINS)
    held = _origins(connection, table)
    kept = stretched(held, as_of, origin)
    gone, new = [one for one in held if one not in kept], [one for one in kept if one not in held]
    connection.executemany("DELETE FROM origins WHERE name = ? AND first = ?", [(table, one.first) for one in gone])
    lines = [(table, one.first, one.last, one.rows) for one in new]
    connection.executemany("INSERT INTO origins VALUES (?, ?, ?, ?)", lines)


def _quoted(table: str) -> str:
    return '"' + table.replace('"', '""') + '"'


def _after_fork() -> None:
    for store in list(_stores):
        store._forget_parent()


_stores: weakref.WeakSet[SqliteOnlineStore] = weakref.WeakSet()
_parents: list[sqlite3.Connection] = []  # kept alive: letting go of one would close it
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
