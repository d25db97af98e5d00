"""The only place that knows the SQL dialects: SQLite by default, PostgreSQL by configuration.

Rooms write plain SQL that both understand, with named parameters (`:name`), and get plain dictionaries back. See ADR 0003.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.database.codec import from_json, to_json
    from treadle.database.engine import Database, Row
    from treadle.database.fence import Fence
    from treadle.database.migrate import apply_migrations

__all__ = ["Database", "Fence", "Row", "apply_migrations", "from_json", "to_json"]

__getattr__ = door(
    __name__,
    {
        "Database": "engine",
        "Fence": "fence",
        "Row": "engine",
        "apply_migrations": "migrate",
        "from_json": "codec",
        "to_json": "codec",
    },
)
