"""The ground floor in one object."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from treadle.ids import CountingIds
from treadle.testing.clock import FakeClock
from treadle.testing.databases import sqlite_database

if TYPE_CHECKING:
    from treadle.access import Access
    from treadle.artifacts import ArtifactStore, References
    from treadle.database import Database
    from treadle.evidence import Ledger
    from treadle.lineage import Lineage


@dataclass(frozen=True)
class Ground:
    """Database, bytes, lineage and ledger of one project under a fake clock, with ids that can be foreseen."""

    project: str
    clock: FakeClock
    ids: CountingIds
    database: Database
    access: Access
    artifacts: ArtifactStore
    references: References
    lineage: Lineage
    ledger: Ledger

    @classmethod
    def at(cls, folder: Path, *, project: str = "test", database: Database | None = None) -> Ground:
        """The ground floor in `folder`; on SQLite there unless a `database` is given."""
        from treadle.access import Access
        from treadle.artifacts import ArtifactStore, References
        from treadle.evidence import Ledger
        from treadle.lineage import Lineage

        clock, ids = FakeClock(), CountingIds()
        database = database or sqlite_database(folder)
        artifacts = ArtifactStore(folder / "artifacts")
        access = Access(database, clock, ids)
        access.ensure(project, "tester")
        return cls(
            project=project,
            clock=clock,
            ids=ids,
            database=database,
            access=access,
            artifacts=artifacts,
            references=References(database, artifacts, project, clock),
            lineage=Lineage(database, project, clock),
            ledger=Ledger(database, project, clock, ids, principal="tester"),
        )
