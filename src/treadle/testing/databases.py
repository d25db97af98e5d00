"""Fresh, migrated databases for tests."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from treadle.database import Database, apply_migrations
from treadle.errors import TreadleError

DEFAULT_SERVER = "postgresql://root@127.0.0.1:5432/test"


def sqlite_database(folder: Path, *, durability: str = "process") -> Database:
    """A migrated SQLite database in `folder`."""
    database = Database.sqlite(folder / "treadle.db", durability=durability)
    apply_migrations(database)
    return database


def postgres_url() -> str | None:
    """The address of a PostgreSQL server for tests (`TREADLE_TEST_POSTGRES`), or None when it cannot be reached."""
    url = os.environ.get("TREADLE_TEST_POSTGRES", DEFAULT_SERVER)
    mark = "&" if "?" in url else "?"
    probe = Database(f"{url}{mark}connect_timeout=2")
    try:
        probe.one("SELECT 1 AS x")
    except TreadleError:
        return None
    finally:
        probe.close()
    return url


@contextmanager
def postgres_database(url: str) -> Iterator[Database]:
    """A migrated database in a schema of its own on the server at `url`, which is dropped afterwards."""
    schema = f"treadle_test_{secrets.token_hex(6)}"
    server = Database(url)
    server.execute(f"CREATE SCHEMA {schema}")
    mark = "&" if "?" in url else "?"
    database = Database(f"{url}{mark}options={quote(f'-csearch_path={schema}')}")
    try:
        apply_migrations(database)
        yield database
    finally:
        database.close()
        server.execute(f"DROP SCHEMA {schema} CASCADE")
        server.close()
