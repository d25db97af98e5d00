"""Migrations run once, in order, and never change."""

from __future__ import annotations

from pathlib import Path

import pytest

from treadle.database import Database, apply_migrations, migrate
from treadle.database.migrate import Migration, find_migrations
from treadle.errors import Conflict, Unavailable


def write(package: Path, name: str, sql: str) -> None:
    path = package / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(sql, "utf-8")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of its own with two rooms; the code under test takes it for Treadle's."""
    package = tmp_path / "package"
    write(package, "b/migrations/0001_initial.sql", "CREATE TABLE b1 (x {real}, y {bytes});")
    write(package, "a/migrations/0001_initial.sql", "CREATE TABLE a1 (k {key});\nCREATE TABLE a2 (x TEXT);")
    write(package, "a/migrations/0002_more.sql", "ALTER TABLE b1 ADD COLUMN z TEXT;")
    write(package, "a/migrations/metrics/0001_points.sql", "CREATE TABLE points (x TEXT);")
    write(package, "a/migrations/notes.sql", "CREATE TABLE never (x TEXT);")
    write(package, "database/migrate.py", "")
    monkeypatch.setattr(migrate, "__file__", str(package / "database" / "migrate.py"))
    return package


def tables(database: Database) -> list[str]:
    rows = database.read(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    )
    return [row["name"] for row in rows]


def test_files_are_found_in_the_order_they_run(package: Path) -> None:
    assert [(m.number, m.room) for m in find_migrations(package)] == [(1, "a"), (1, "b"), (2, "a")]
    assert [(m.number, m.room) for m in find_migrations(package, "metrics")] == [(1, "a")]


def test_everything_runs_once(package: Path, tmp_path: Path) -> None:
    database = Database.sqlite(tmp_path / "x.db")
    assert apply_migrations(database) == 3
    assert tables(database) == ["a1", "a2", "b1", "schema_versions"]
    assert apply_migrations(database) == 0
    assert apply_migrations(Database.sqlite(tmp_path / "m.db"), "metrics") == 1


def test_what_came_later_runs_later(package: Path, tmp_path: Path) -> None:
    database = Database.sqlite(tmp_path / "x.db")
    apply_migrations(database)
    write(package, "c/migrations/0001_initial.sql", "CREATE TABLE c1 (x TEXT);")
    assert apply_migrations(database) == 1
    assert "c1" in tables(database)


def test_a_migration_that_fails_leaves_nothing(package: Path, tmp_path: Path) -> None:
    write(package, "c/migrations/0001_initial.sql", "CREATE TABLE c1 (x TEXT);\nCREATE NONSENSE;")
    database = Database.sqlite(tmp_path / "x.db")
    with pytest.raises(Unavailable):
        apply_migrations(database)
    assert tables(database) == []


@pytest.mark.parametrize("change", ["differs", "is gone"])
def test_a_migration_that_ran_never_changes(package: Path, tmp_path: Path, change: str) -> None:
    database = Database.sqlite(tmp_path / "x.db")
    apply_migrations(database)
    ran = package / "b/migrations/0001_initial.sql"
    ran.write_text("CREATE TABLE b1 (x TEXT);") if change == "differs" else ran.unlink()
    with pytest.raises(Conflict, match=r"another version of Treadle \(migration b 0001 differs\)") as caught:
        apply_migrations(database)
    assert "backup" in caught.value.mend


def test_the_digest_is_of_the_text() -> None:
    assert Migration("a", 1, "x").digest == Migration("b", 2, "x").digest != Migration("a", 1, "y").digest
