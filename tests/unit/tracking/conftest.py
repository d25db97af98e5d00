from __future__ import annotations

import itertools
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from treadle.clock import ReplayClock
from treadle.database import Database, apply_migrations
from treadle.ids import CountingIds
from treadle.tracking import Tracker

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def metrics_on_postgres() -> Iterator[Database]:
    """The tracking tables in a schema of their own."""
    url = os.environ.get("TREADLE_TEST_POSTGRES", "")
    if not url:
        pytest.skip("needs PostgreSQL (TREADLE_TEST_POSTGRES)")
    import psycopg

    schema = f"tracking_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as plain:
        plain.execute(f"CREATE SCHEMA {schema}")  # type: ignore[call-overload]
    made = Database(f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{schema}")
    apply_migrations(made, "metrics")
    yield made
    made.close()
    with psycopg.connect(url, autocommit=True) as plain:
        plain.execute(f"DROP SCHEMA {schema} CASCADE")  # type: ignore[call-overload]


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
