"""The rows of the lineage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from treadle.database import Database
from treadle.lineage.graph import Edge
from treadle.lineage.ref import Ref

_BATCH = 400


class LineageStore:
    """Reads and writes one project's facts."""

    def __init__(self, database: Database, project: str) -> None:
        self._database = database
        self._project = project

    def add(self, edges: Iterable[Edge], recorded_at: int) -> None:
        """Write facts; those that are known already stay as they are."""
        with self._database.transaction():
            for edge in edges:
                self._database.execute(
                    "INSERT INTO lineage_edges (project, source, target, relation, recorded_at) "
                    "VALUES (:project, :source, :target, :relation, :at) "
                    "ON CONFLICT (project, source, target, relation) DO NOTHING",
                    project=self._project,
                    source=str(edge.source),
                    target=str(edge.target),
                    relation=edge.relation,
                    at=recorded_at,
                )

    def touching(self, end: Literal["source", "target"], refs: Sequence[Ref], limit: int) -> list[Edge]:
        """The facts that have one of `refs` at that end, at most `limit` of them, in order."""
        found: list[Edge] = []
        for start in range(0, len(refs), _BATCH):
            if len(found) >= limit:
                break
            named = {f"r{number}": str(ref) for number, ref in enumerate(refs[start : start + _BATCH])}
            rows = self._database.read(
                f"SELECT source, target, relation FROM lineage_edges WHERE project = :project "
                f"AND {end} IN ({', '.join(':' + name for name in named)}) ORDER BY source, target, relation LIMIT :limit",
                {**named, "project": self._project, "limit": limit - len(found)},
            )
            found += [Edge(Ref.parse(row["source"]), Ref.parse(row["target"]), row["relation"]) for row in rows]
        return found
