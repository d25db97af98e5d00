"""SQLite and PostgreSQL pass the same suite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from treadle.database import Database
from treadle.testing import DatabaseContract, postgres_database, postgres_url, sqlite_database


class TestSqlite(DatabaseContract):
    @pytest.fixture
    def database(self, tmp_path: Path) -> Iterator[Database]:
        database = sqlite_database(tmp_path)
        yield database
        database.close()


class TestSqliteThroughPowerLoss(DatabaseContract):
    @pytest.fixture
    def database(self, tmp_path: Path) -> Iterator[Database]:
        database = sqlite_database(tmp_path, durability="power")
        yield database
        database.close()


@pytest.fixture(scope="module")
def server() -> str:
    url = postgres_url()
    if url is None:
        pytest.skip("needs PostgreSQL (TREADLE_TEST_POSTGRES)")
    return url


@pytest.mark.postgres
class TestPostgres(DatabaseContract):
    @pytest.fixture
    def database(self, server: str) -> Iterator[Database]:
        with postgres_database(server) as database:
            yield database
