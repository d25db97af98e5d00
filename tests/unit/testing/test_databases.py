"""Databases of tests come and go."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from treadle.database import Database
from treadle.testing import postgres_database, postgres_url, sqlite_database


def test_a_server_that_cannot_be_reached_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREADLE_TEST_POSTGRES", "postgresql://nobody@127.0.0.1:1/nothing")
    assert postgres_url() is None


def test_a_sqlite_database_is_migrated(tmp_path: Path) -> None:
    assert sqlite_database(tmp_path).read("SELECT * FROM evidence") == []
    assert (tmp_path / "treadle.db").exists()


@pytest.mark.postgres
def test_a_schema_is_dropped_afterwards() -> None:
    url = postgres_url()
    if url is None:
        pytest.skip("needs PostgreSQL (TREADLE_TEST_POSTGRES)")
    with postgres_database(url) as database:
        schema = (database.one("SELECT current_schema() AS s") or {})["s"]
    server = Database(os.environ.get("TREADLE_TEST_POSTGRES", url))
    assert server.one("SELECT 1 AS x FROM pg_namespace WHERE nspname = :schema", schema=schema) is None
    server.close()
