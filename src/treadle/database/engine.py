"""One database, two dialects, transactions that nest and can be fenced."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from treadle.database.connect import connect
from treadle.database.dialect import Dialect
from treadle.database.fence import Fence
from treadle.errors import Conflict, Fenced, InvalidInput, TreadleError

Row = dict[str, Any]
Params = Mapping[str, Any]
T = TypeVar("T")


class Database:
    """Runs plain SQL with `:named` parameters and returns dictionaries.

    Every thread gets a connection of its own, and so does every forked process. Outside `transaction()` each statement commits
    by itself. Transactions are writers from their first moment (`BEGIN IMMEDIATE` on SQLite), so two of them never deadlock on
    an upgrade, and an inner `transaction()` joins the outer one: verbs of several rooms can be made one atomic change. When the
    inner one fails only its own part is undone, and the outer may go on; a statement that fails outside such an inner one
    spoils the whole transaction on either dialect.

    Raises `Unavailable` when the database is locked too long, unreachable, read-only or the disk is full, `Conflict` for a
    broken uniqueness rule, `InvalidInput` for a value no column can hold, and `Fenced` when the writer's lease has passed on.
    """

    def __init__(self, url: str, *, durability: str = "process") -> None:
        self.url = url
        self._durability = durability
        self._local = threading.local()
        self._open: weakref.WeakSet[Dialect] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._fence: Fence | None = None
        _databases.add(self)

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
        connection = self._connection()
        return _tried(connection, lambda: connection.query(sql, {**(params or {}), **named}))

    def columns(self, sql: str, params: Params | None = None, **named: Any) -> list[list[Any]]:
        """What a query yields, column by column in the order it names them: the quick way to many rows."""
        connection = self._connection()
        return _tried(connection, lambda: connection.query_columns(sql, {**(params or {}), **named}))

    def one(self, sql: str, params: Params | None = None, **named: Any) -> Row | None:
        """The first row a query yields, or None."""
        rows = self.read(sql, params, **named)
        return rows[0] if rows else None

    def execute(self, sql: str, params: Params | None = None, **named: Any) -> int:
        """Run one statement; the number of rows it touched."""
        connection = self._connection()
        if self._fence is not None and not connection.depth:
            with self.transaction():
                return self.execute(sql, params, **named)
        return _tried(connection, lambda: connection.execute(sql, {**(params or {}), **named}))

    def insert(self, table: str, row: Params) -> None:
        """Insert one row given as `{column: value}`."""
        self.execute(_insert_sql(table, row), row)

    def insert_many(self, table: str, rows: Iterable[Params]) -> None:
        """Insert rows that all have the same columns, in one transaction."""
        batch = list(rows)
        if batch:
            with self.transaction():
                connection = self._connection()
                _tried(connection, lambda: connection.execute_many(_insert_sql(table, batch[0]), batch))

    def execute_many(self, sql: str, rows: Sequence[Params]) -> int:
        """Run one statement for each row of parameters, in one transaction; the number of rows they touched together."""
        if not rows:
            return 0
        with self.transaction():
            connection = self._connection()
            return _tried(connection, lambda: connection.execute_many(sql, rows))

    def script(self, sql: str) -> None:
        """Run several statements without parameters in one transaction."""
        with self.transaction():
            connection = self._connection()
            _tried(connection, lambda: connection.script(sql))

    @contextmanager
    def transaction(self, fence: Fence | None = None) -> Iterator[Database]:
        """Everything inside commits together or not at all; an inner transaction joins the outer.

        With a `fence`, the lease row is read inside the transaction and a stale epoch raises `Fenced` before anything is written.
        """
        connection = self._connection()
        outermost = not connection.depth
        if outermost:
            self._local.afterwards = []
            fence = fence or self._fence
        kept = len(self._local.afterwards)
        try:
            with _outer(connection, connection.begin) if outermost else _inner(connection):
                if fence is not None:
                    self._check(fence)
                yield self
        except BaseException:
            del self._local.afterwards[kept:]  # what was undone has no effects, even if the outer one goes on
            raise
        if outermost:
            for action in self._local.afterwards:
                action()

    @contextmanager
    def fenced(self, fence: Fence) -> Iterator[Database]:
        """Every write through this object, by any thread, stands on `fence` until the block ends; see `transaction`.

        For a process that acts only while it holds a lease: no verb of any room can forget it then.
        """
        before, self._fence = self._fence, fence
        try:
            yield self
        finally:
            self._fence = before

    def after_commit(self, action: Callable[[], object]) -> None:
        """Do something once the open transaction has committed, and never if it does not; at once when none is open.

        For effects outside the database, such as a file that others follow.
        """
        if self._connection().depth:
            self._local.afterwards.append(action)
        else:
            action()

    @contextmanager
    def snapshot(self) -> Iterator[Database]:
        """Every read inside sees the database as it was at the first one; writing inside is refused.

        Inside an open transaction this is that transaction.
        """
        connection = self._connection()
        if connection.depth:
            yield self
            return
        with _outer(connection, connection.begin_snapshot):
            yield self

    def lock(self, name: str, *, shared: bool = False) -> None:
        """Take turns on `name` until the open transaction ends; those who ask `shared` only wait for those who do not.

        On SQLite a transaction has the whole file to itself already.
        """
        connection = self._connection()
        if not connection.depth:
            raise InvalidInput(
                "A lock needs an open transaction.", mend="Ask for it inside `with database.transaction()`."
            )
        _tried(connection, lambda: connection.lock(name, shared))

    def close(self) -> None:
        """Close the connections of every thread; the next use opens new ones."""
        with self._lock:
            for connection in list(self._open):
                connection.close()
            self._open.clear()
        self._local = threading.local()

    def _check(self, fence: Fence) -> None:
        # Shared, so that writers of one holder do not wait for each other but the next holder waits for them.
        lock = "" if self.dialect == "sqlite" else " FOR SHARE"
        row = self.one(
            f"SELECT epoch FROM leases WHERE project = :project AND name = :name{lock}",
            project=fence.project,
            name=fence.lease,
        )
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
                self._open.add(found)
        return found

    def _forget_inherited(self) -> None:
        # A forked child must not use, nor close, what its parent holds open.
        _inherited.extend(self._open)
        self._open = weakref.WeakSet()
        self._local = threading.local()
        self._lock = threading.Lock()


_databases: weakref.WeakSet[Database] = weakref.WeakSet()
_inherited: list[Dialect] = []


def _after_fork() -> None:
    for database in _databases:
        database._forget_inherited()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_after_fork)


def _tried(connection: Dialect, action: Callable[[], T]) -> T:
    if connection.spoiled:
        raise Conflict(
            "An earlier statement of this transaction failed, so nothing more can be done in it.",
            mend="Let its error end the transaction, or give the statement that may fail a transaction() of its own.",
        )
    try:
        return action()
    except TreadleError:
        connection.spoiled = connection.depth > 0
        raise


@contextmanager
def _outer(connection: Dialect, begin: Callable[[], None]) -> Iterator[None]:
    begin()
    connection.depth, connection.spoiled = 1, False
    try:
        yield
        if connection.spoiled:
            # PostgreSQL would answer this COMMIT with a silent rollback.
            raise Conflict(
                "A statement of this transaction failed and its error was passed over; nothing was changed.",
                mend="Let the error through, or give the statement that may fail a transaction() of its own.",
            )
    except BaseException:
        connection.depth, connection.spoiled = 0, False
        connection.rollback()
        raise
    connection.depth = 0
    connection.commit()


@contextmanager
def _inner(connection: Dialect) -> Iterator[None]:
    name = f"depth_{connection.depth}"
    _tried(connection, lambda: connection.execute(f"SAVEPOINT {name}", {}))
    connection.depth += 1
    try:
        yield
        if connection.spoiled:
            raise Conflict("A statement of this inner transaction failed and its error was passed over; it was undone.")
    except BaseException:
        connection.depth -= 1
        if connection.undo_to(name):
            connection.spoiled = False
        raise
    connection.depth -= 1
    _tried(connection, lambda: connection.execute(f"RELEASE SAVEPOINT {name}", {}))


def _insert_sql(table: str, row: Params) -> str:
    names = ", ".join(row)
    marks = ", ".join(f":{name}" for name in row)
    return f"INSERT INTO {table} ({names}) VALUES ({marks})"
