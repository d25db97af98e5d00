from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from treadle.clock import ReplayClock
from treadle.database import Database, apply_migrations
from treadle.ids import CountingIds
from treadle.testing import postgres_url
from treadle.tracking import Tracker

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def metrics_on_postgres() -> Iterator[Database]:
    """The tracking tables in a schema of their own."""
    url = postgres_url()
    if url is None:
        pytest.skip("needs PostgreSQL (TREADLE_TEST_POSTGRES)")
    schema, mark = f"tracking_{secrets.token_hex(6)}", "&" if "?" in url else "?"
    server = Database(url)
    server.execute(f"CREATE SCHEMA {schema}")
    made = Database(f"{url}{mark}options=-csearch_path%3D{schema}")
    apply_migrations(made, "metrics")
    yield made
    made.close()
    server.execute(f"DROP SCHEMA {schema} CASCADE")
    server.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def metrics(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated tracking database, on SQLite and on PostgreSQL."""
    if request.param == "postgresql":
        yield request.getfixturevalue("metrics_on_postgres")
        return
    made = Database.sqlite(tmp_path / "metrics.db")
    apply_migrations(made, "metrics")
    yield made
    made.close()


@pytest.fixture
def clock() -> ReplayClock:
    return ReplayClock()


@pytest.fixture
def tracker(metrics: Database, clock: ReplayClock) -> Tracker:
    """A tracker of a project that nobody else uses."""
    return Tracker(metrics, project=f"demo{next(_numbers)}", clock=clock, ids=CountingIds("run"))
