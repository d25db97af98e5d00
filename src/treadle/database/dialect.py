"""A connection as the rooms see it, whichever database stands behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

Named = Mapping[str, Any]


class Dialect(Protocol):
    """What a database connection must be able to do."""

    depth: int
    """How many transactions are open, one within the other."""
    spoiled: bool
    """Whether a statement of the open transaction has failed."""

    def query(self, sql: str, params: Named) -> list[dict[str, Any]]: ...

    def query_columns(self, sql: str, params: Named) -> list[list[Any]]:
        """The same, column by column; as many empty lists as there are columns when there are no rows."""
        ...

    def execute(self, sql: str, params: Named) -> int: ...

    def execute_many(self, sql: str, rows: Sequence[Named]) -> int: ...

    def script(self, sql: str) -> None: ...

    def lock(self, name: str, shared: bool) -> None:
        """Take turns on `name` until the transaction ends."""
        ...

    def begin(self) -> None: ...

    def begin_snapshot(self) -> None:
        """Begin a transaction that only reads, all of it at one moment."""
        ...

    def commit(self) -> None:
        """End the transaction; if that fails it is rolled back and the error raised."""
        ...

    def rollback(self) -> None:
        """End the transaction as if it had never been; never raises, for it runs while another error is on its way."""
        ...

    def undo_to(self, savepoint: str) -> bool:
        """Undo what was done since the savepoint; False when the whole transaction is already gone. Never raises."""
        ...

    def close(self) -> None: ...
