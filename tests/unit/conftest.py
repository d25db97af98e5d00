"""The ground floor on both databases."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from treadle.database import Database
from treadle.testing import Ground, postgres_database, postgres_url

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Database]:
    """A migrated PostgreSQL database that tests share; each works in a project of its own."""
    url = postgres_url()
    if url is None:
        pytest.skip("needs PostgreSQL (TREADLE_TEST_POSTGRES)")
    with postgres_database(url) as database:
        yield database


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ground]:
    """Database, bytes, lineage and ledger of a fresh project, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        made = Ground.at(tmp_path)
        yield made
        made.database.close()
    else:
        yield Ground.at(tmp_path, project=f"test{next(_numbers)}", database=request.getfixturevalue("postgres"))
