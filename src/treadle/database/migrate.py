"""Migrations: each room keeps numbered SQL files beside its store; they run once, in order, in one transaction.

A file is `<room>/migrations/NNNN_name.sql`, in SQL that both dialects understand but for three words that differ and are
written `{key}` (a big integer primary key that counts itself), `{bytes}` and `{real}`. A file that has run never changes: its
digest is kept and compared. There is no way down; a mistake is mended by the next file.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from treadle.database.engine import Database
from treadle.errors import Conflict

_WORDS = {
    "sqlite": {"{key}": "INTEGER PRIMARY KEY AUTOINCREMENT", "{bytes}": "BLOB", "{real}": "REAL"},
    "postgresql": {
        "{key}": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        "{bytes}": "BYTEA",
        "{real}": "DOUBLE PRECISION",
    },
}


@dataclass(frozen=True)
class Migration:
    """One SQL file of one room."""

    room: str
    number: int
    sql: str

    @property
    def digest(self) -> str:
        """SHA-256 of the text, to notice a file that changed after it ran."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def find_migrations(package: Path, database: str = "treadle") -> list[Migration]:
    """The migrations of the rooms below `package` for one database, in the order they run.

    Rooms whose data lives in a file of its own (metrics, the online store) name it by a suffix:
    `tracking/migrations/metrics/0001_points.sql` belongs to the database `metrics`. On PostgreSQL such a set of tables may
    stand beside the others, so its migrations are written down under the room and the set (`metrics` is older than that).
    """
    pattern = "*/migrations/[0-9]*.sql" if database == "treadle" else f"*/migrations/{database}/[0-9]*.sql"
    mark = _mark(database)
    found = [
        Migration(path.relative_to(package).parts[0] + mark, int(path.name[:4]), path.read_text("utf-8"))
        for path in package.glob(pattern)
    ]
    return sorted(found, key=lambda m: (m.number, m.room))


def apply_migrations(database: Database, name: str = "treadle") -> int:
    """Bring `database` up to date; how many migrations ran. Safe to call at every start and by several processes at once.

    Raises `Conflict` when the database has seen a migration that this version of Treadle does not have or has otherwise.
    """
    wanted = find_migrations(Path(__file__).parents[1], name)
    mark = _mark(name)
    if not _missing(database, wanted, mark):
        return 0
    with database.transaction():
        database.lock("migrations")
        database.script(
            "CREATE TABLE IF NOT EXISTS schema_versions "
            "(room TEXT NOT NULL, number INTEGER NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (room, number));"
        )
        missing = _missing(database, wanted, mark)
        for migration in missing:
            database.script(_in_dialect(migration.sql, database.dialect))
            database.insert(
                "schema_versions", {"room": migration.room, "number": migration.number, "digest": migration.digest}
            )
    return len(missing)


def _mark(name: str) -> str:
    return "" if name in ("treadle", "metrics") else f":{name}"


def _missing(database: Database, wanted: list[Migration], mark: str) -> list[Migration]:
    exists = "SELECT 1 AS x FROM sqlite_master WHERE name = 'schema_versions'"
    if database.dialect == "postgresql":
        exists = "SELECT 1 AS x WHERE to_regclass('schema_versions') IS NOT NULL"
    if database.one(exists) is None:
        return wanted
    rows = database.read("SELECT room, number, digest FROM schema_versions")
    have = {
        (row["room"], row["number"]): row["digest"]
        for row in rows
        if (row["room"].endswith(mark) if mark else ":" not in row["room"])
    }
    known = {(m.room, m.number) for m in wanted}
    for key, digest in have.items():
        match = next((m for m in wanted if (m.room, m.number) == key), None)
        if key not in known or (match is not None and match.digest != digest):
            raise Conflict(
                f"The database was made by another version of Treadle (migration {key[0]} {key[1]:04d} differs).",
                mend="Use that version, or restore a backup made by this one.",
            )
    return [m for m in wanted if (m.room, m.number) not in have]


def _in_dialect(sql: str, dialect: str) -> str:
    for word, text in _WORDS[dialect].items():
        sql = sql.replace(word, text)
    return sql
