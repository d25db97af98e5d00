"""What a controller remembers from tick to tick and hands on to the next one."""

from __future__ import annotations

import json
from typing import Any

from treadle.clock import Clock, micros
from treadle.database import Database

_PUT = """
INSERT INTO controller_memory (project, key, body, at) VALUES (:project, :key, :body, :at)
ON CONFLICT (project, key) DO UPDATE SET body = excluded.body, at = excluded.at
"""


class Memory:
    """Small JSON values by key, in the project's database; joins an open transaction."""

    def __init__(self, database: Database, *, project: str, clock: Clock) -> None:
        self._database = database
        self._project = project
        self._clock = clock

    def get(self, key: str) -> Any:
        """The value of a key; None when there is none."""
        row = self._database.one(
            "SELECT body FROM controller_memory WHERE project = :project AND key = :key", project=self._project, key=key
        )
        return None if row is None else json.loads(row["body"])

    def put(self, key: str, value: Any) -> None:
        """Remember a value."""
        at = micros(self._clock.wall())
        self._database.execute(_PUT, project=self._project, key=key, body=json.dumps(value, default=str), at=at)

    def forget(self, key: str) -> None:
        """Remember it no longer."""
        self._database.execute(
            "DELETE FROM controller_memory WHERE project = :project AND key = :key", project=self._project, key=key
        )

    def below(self, prefix: str) -> dict[str, Any]:
        """Every value whose key begins with `prefix`, by the rest of its key."""
        rows = self._database.read(
            "SELECT key, body FROM controller_memory WHERE project = :project AND key >= :low AND key < :high ORDER BY key",
            project=self._project,
            low=prefix,
            high=prefix[:-1] + chr(ord(prefix[-1]) + 1),
        )
        return {row["key"][len(prefix) :]: json.loads(row["body"]) for row in rows}
