"""One database, two dialects, transactions that nest and can be fenced."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from treadle.database.dialect import Dialect, connect
from treadle.database.fence import Fence
from treadle.errors import Fenced

Row = dict[str, Any]
Params = Mapping[str, Any]


class Database:
    """Runs plain SQL with `:named` parameters and returns dictionaries.

    Every thread gets a connection of its own. Outside `transaction()` each statement commits by itself. Transactions are
    writers from their first moment (`BEGIN IMMEDIATE` on SQLite), so two of them never deadlock on an upgrade, and an inner
    `transaction()` joins the outer one: verbs of several rooms can be made one atomic change.

    Raises `Unavailable` when the database is locked too long, unreachable, read-only or the disk is full, `Conflict` for a
    broken uniqueness rule and `Fenced` when the writer's lease has passed on.
    """

    def __init__(self, url: str, *, durability: str = "process") -> None:
        self.url = url
        self._durability = durability
        self._local = threading.local()
        self._open: list[Dialect] = []
        self._lock = threading.Lock()

    @classmethod
    def sqlite(cls, path: Path, *, durability: str = "process") -> Database:
        """A SQLite database in the file `path`."""
        return cls(f"sqlite:///{path}", durability=durability)

    @property
    def dialect(self) -> str:
        """`"sqlite"` or `"postgresql"`."""
        return "sqlite" if self.url.startswith("sqlite") else "postgresql"

    def read(self, sql: str, params: Params | None = None, **named: Any) -> list[Row]:
        """The rows a query yields."""
        return self._connection().query(sql, {**(params or {}), **named})

    def one(self, sql: str, params: Params | None = None, **named: Any) -> Row | None:
        """The first row a query yields, or None."""
        rows = self.read(sql, params, **named)
        return rows[0] if rows else None

    def execute(self, sql: str, params: Params | None = None, **named: Any) -> int:
        """Run one statement; the number of rows it touched."""
        return self._connection().execute(sql, {**(params or {}), **named})

    def insert(self, table: str, row: Params) -> None:
        """Insert one row given as `{column: value}`."""
        self.execute(_insert_sql(table, row), row)

    def insert_many(self, table: str, rows: Iterable[Params]) -> None:
        """Insert rows that all have the same columns, in one transaction."""
        batch = list(rows)
        if batch:
            with self.transaction():
                self._connection().execute_many(_insert_sql(table, batch[0]), batch)

    @contextmanager
    def transaction(self, fence: Fence | None = None) -> Iterator[Database]:
        """Everything inside commits together or not at all; an inner transaction joins the outer.

        With a `fence`, the lease row is read inside the transaction and a stale epoch raises `Fenced` before anything is written.
        """
        connection = self._connection()
        if connection.depth:
            connection.depth += 1
            try:
                if fence is not None:
                    self._check(fence)
                yield self
            finally:
                connection.depth -= 1
            return
        connection.begin()
        connection.depth = 1
        try:
            if fence is not None:
                self._check(fence)
            yield self
        except BaseException:
            connection.depth = 0
            connection.rollback()
            raise
        connection.depth = 0
        connection.commit()

    def close(self) -> None:
        """Close the connections of every thread."""
        with self._lock:
            for connection in self._open:
                connection.close()
            self._open.clear()
        self._local = threading.local()

    def _check(self, fence: Fence) -> None:
        lock = "" if self.dialect == "sqlite" else " FOR SHARE"
        row = self.one(f"SELECT epoch FROM leases WHERE name = :name{lock}", name=fence.lease)
        if row is None or row["epoch"] != fence.epoch:
            held = "nobody" if row is None else f"epoch {row['epoch']}"
            raise Fenced(
                f"The lease {fence.lease!r} of epoch {fence.epoch} has passed on (now held by {held}); the write was refused.",
                mend="Nothing was changed; the new holder carries on.",
            )

    def _connection(self) -> Dialect:
        found: Dialect | None = getattr(self._local, "connection", None)
        if found is None:
            found = connect(self.url, self._durability)
            self._local.connection = found
            with self._lock:
                self._open.append(found)
        return found


def _insert_sql(table: str, row: Params) -> str:
    names = ", ".join(row)
    marks = ", ".join(f":{name}" for name in row)
    return f"INSERT INTO {table} ({names}) VALUES ({marks})"
