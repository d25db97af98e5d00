"""Which database an address names."""

from __future__ import annotations

from treadle.database.dialect import Dialect
from treadle.errors import InvalidInput


def connect(url: str, durability: str) -> Dialect:
    """Open a connection of the dialect that `url` names."""
    if url.startswith("sqlite:///"):
        from treadle.database.sqlite import SqliteConnection

        return SqliteConnection(url.removeprefix("sqlite:///"), durability)
    if url.startswith(("postgresql://", "postgres://")):
        from treadle.database.postgresql import PostgresConnection

        return PostgresConnection(url, durability)
    scheme = url.split(":", 1)[0]
    raise InvalidInput(
        f"{scheme!r} is not a database Treadle knows.",
        mend="Use sqlite:///path/to/file.db or postgresql://user@host/name.",
        field="storage.database",
    )
