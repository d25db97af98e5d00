"""What every migration keeps to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from treadle.database import Database, apply_migrations
from treadle.testing import postgres_database, postgres_url, sqlite_database

TABLE = re.compile(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+)\s*\((.*?)\n\);", re.DOTALL | re.IGNORECASE)
# Tables of Treadle itself that belong to no project.
INFRASTRUCTURE = {"schema_versions"}


def test_every_table_belongs_to_a_project(house: Any) -> None:
    tables = _tables(house)
    assert tables
    homeless = [f"{path}: {name}" for path, name, body in tables if not re.search(r"\bproject TEXT NOT NULL\b", body)]
    house.expect_none(homeless)


def test_no_statement_creates_a_table_unseen(house: Any) -> None:
    for path in _migrations(house):
        text = path.read_text("utf-8")
        assert len(TABLE.findall(text)) == len(re.findall(r"CREATE TABLE", text, re.IGNORECASE)), path


def test_columns_have_types_both_dialects_share(house: Any) -> None:
    allowed = re.compile(r"^\w+ (?:TEXT|INTEGER|BIGINT|\{key\}|\{bytes\}|\{real\})(?: |$)")
    wrong = []
    for path, name, body in _tables(house):
        plain = re.sub(r"--[^\n]*", "", body)
        for line in filter(None, (line.strip().rstrip(",") for line in plain.splitlines())):
            if not allowed.match(line) and not re.match(r"(?:PRIMARY KEY|UNIQUE|CHECK)\b", line):
                wrong.append(f"{path}: {name}: {line}")
    house.expect_none(wrong)


def test_no_foreign_key_leaves_its_room(house: Any) -> None:
    rooms = {name: path.parts[0] for path, name, _ in _tables(house)}
    for path, name, body in _tables(house):
        for target in re.findall(r"REFERENCES (\w+)", body):
            assert rooms[target] == path.parts[0], f"{path}: {name} points into another room"


def test_migrations_are_numbered_without_gaps(house: Any) -> None:
    folders: dict[Path, list[int]] = {}
    for path in _migrations(house):
        folders.setdefault(path.parent, []).append(int(path.name[:4]))
    assert folders
    assert {str(folder): n for folder, n in folders.items() if sorted(n) != list(range(1, len(n) + 1))} == {}


def test_every_project_and_environment_is_there_from_the_first_migration(house: Any) -> None:
    first = (house.package / "access" / "migrations" / "0001_initial.sql").read_text("utf-8")
    assert {name for _, name, _ in _tables(house) if f"TABLE {name} " in first} >= {
        "projects",
        "environments",
        "principals",
    }


@pytest.mark.parametrize("name", ["treadle", "metrics", "monitoring"])
def test_sqlite_takes_every_migration(house: Any, tmp_path: Path, name: str) -> None:
    database = Database.sqlite(tmp_path / "fresh.db")
    apply_migrations(database, name)
    rows = database.read("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    assert {row["name"] for row in rows} == _names(house, name) | INFRASTRUCTURE


@pytest.mark.postgres
def test_postgresql_takes_every_migration(house: Any) -> None:
    url = postgres_url()
    if url is None:
        pytest.skip("needs PostgreSQL (TREADLE_TEST_POSTGRES)")
    with postgres_database(url) as database:
        rows = database.read(
            "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = current_schema()"
        )
        assert {row["name"] for row in rows} == _names(house, "treadle") | INFRASTRUCTURE


def test_no_table_is_made_outside_the_migrations(house: Any, tmp_path: Path) -> None:
    database = sqlite_database(tmp_path)
    rows = database.read("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    assert {row["name"] for row in rows if "project TEXT NOT NULL" not in row["sql"]} == INFRASTRUCTURE


def test_these_are_all_the_database_files(house: Any) -> None:
    """One transaction must span what is in `treadle.db`; what is written in bulk or by others has a file of its own."""
    named = {
        name for file in house.files for name in re.findall(r"""['"/](\w+\.db)\b""", file.text) if name != "file.db"
    }
    ours = {"treadle.db", "metrics.db", "online.db", "monitoring.db"}
    assert ours <= named <= ours | {"optuna.db"}


def _migrations(house: Any) -> list[Path]:
    return sorted(house.package.glob("*/migrations/**/*.sql"))


def _tables(house: Any) -> list[tuple[Path, str, str]]:
    return [
        (path.relative_to(house.package), name, body)
        for path in _migrations(house)
        for name, body in TABLE.findall(path.read_text("utf-8"))
    ]


def _names(house: Any, database: str) -> set[str]:
    folder = "migrations" if database == "treadle" else database
    return {name for path, name, _ in _tables(house) if path.parent.name == folder}
