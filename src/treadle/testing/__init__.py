"""What tests of a project, or of another backend, can build on: a clock moved by hand, the ground floor, contract suites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.testing.clock import FakeClock
    from treadle.testing.database_contract import DatabaseContract
    from treadle.testing.databases import postgres_database, postgres_url, sqlite_database
    from treadle.testing.ground import Ground

__all__ = ["DatabaseContract", "FakeClock", "Ground", "postgres_database", "postgres_url", "sqlite_database"]

__getattr__ = door(
    __name__,
    {
        "DatabaseContract": "database_contract",
        "FakeClock": "clock",
        "Ground": "ground",
        "postgres_database": "databases",
        "postgres_url": "databases",
        "sqlite_database": "databases",
    },
)
