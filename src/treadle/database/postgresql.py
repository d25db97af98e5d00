"""PostgreSQL through psycopg 3 (the `[postgres]` extra)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from treadle.database.dialect import Named
from treadle.errors import Conflict, InvalidInput, TreadleError, Unavailable

# A `:name` that is not part of a `::cast` and not inside a quoted literal.
_PARAMETER = re.compile(r"'(?:[^']|'')*'|(?<!:):([a-zA-Z_]\w*)")


class PostgresConnection:
    """One thread's connection to one server; reconnects when it was lost between transactions."""

    def __init__(self, url: str, durability: str) -> None:
        try:
            import psycopg
            from psycopg.rows import dict_row
        except ImportError as error:
            raise InvalidInput(
                "A postgresql:// database needs the psycopg driver.",
                mend="pip install 'treadle[postgres]'",
                field="storage.database",
            ) from error
        self.depth = 0
        self._durability = durability
        self._errors = psycopg
        self._connect = lambda: psycopg.connect(url, autocommit=True, row_factory=dict_row)
        self._raw = self._opened()

    def query(self, sql: str, params: Named) -> list[dict[str, Any]]:
        with self._meaning():
            return self._healthy().execute(positional(sql), params).fetchall()

    def execute(self, sql: str, params: Named) -> int:
        with self._meaning():
            return self._healthy().execute(positional(sql), params).rowcount

    def execute_many(self, sql: str, rows: Sequence[Named]) -> None:
        with self._meaning(), self._healthy().cursor() as cursor:
            cursor.executemany(positional(sql), rows)

    def script(self, sql: str) -> None:
        with self._meaning():
            self._healthy().execute(sql)

    def begin(self) -> None:
        with self._meaning():
            self._healthy().execute("BEGIN")

    def commit(self) -> None:
        with self._meaning():
            self._raw.execute("COMMIT")

    def rollback(self) -> None:
        if not self._raw.closed:
            self._raw.rollback()

    def close(self) -> None:
        self._raw.close()

    def _healthy(self) -> Any:
        if self._raw.closed and not self.depth:
            self._raw = self._opened()
        return self._raw

    def _opened(self) -> Any:
        with self._meaning():
            raw = self._connect()
            raw.execute(
                "SET synchronous_commit = on" if self._durability == "power" else "SET synchronous_commit = local"
            )
            return raw

    @contextmanager
    def _meaning(self) -> Iterator[None]:
        try:
            yield
        except self._errors.Error as error:
            raise self._translated(error) from error

    def _translated(self, error: Exception) -> TreadleError:
        text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        if isinstance(error, self._errors.IntegrityError):
            return Conflict(
                f"The database refused a row: {text}.", mend="It exists already, or something it needs is missing."
            )
        if isinstance(error, self._errors.errors.DiskFull):
            return Unavailable("The database server's disk is full.", mend="Free some space; nothing was changed.")
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
