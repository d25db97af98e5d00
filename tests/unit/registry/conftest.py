"""A registry over a real database, in every dialect."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from treadle.artifacts import ArtifactStore, References
from treadle.clock import ReplayClock
from treadle.database import Database, apply_migrations
from treadle.evidence import Evidence, Ledger, Subject, Verdict
from treadle.ids import CountingIds
from treadle.registry import ModelVersion, Registry

GATE = "at_least(roc_auc, 0.65)"


@dataclass
class Bench:
    """A registry with the rooms it stands on."""

    database: Database
    store: ArtifactStore
    references: References
    ledger: Ledger
    clock: ReplayClock
    ids: CountingIds

    def registry(self, environment: str = "development", hooks: tuple[object, ...] = ()) -> Registry:
        return Registry(
            self.database,
            self.ledger,
            self.references,
            project="p",
            environment=environment,
            clock=self.clock,
            ids=self.ids,
            hooks=hooks,  # type: ignore[arg-type]
        )

    def version(self, data: bytes = b"model", *, gates: tuple[str, ...] = (GATE,), **more: object) -> ModelVersion:
        return self.registry().create_version("late", self.store.put(data), gates=gates, **more)  # type: ignore[arg-type]

    def verdict(self, version: ModelVersion, passed: bool, check: str = GATE, **more: object) -> Evidence:
        verdict = Verdict.of(passed, value=0.7 if passed else 0.6, threshold=0.65, summary="As measured.")
        return self.ledger.record(check, "candidate", version.subject, verdict, **more)  # type: ignore[arg-type]

    def good(self, data: bytes) -> ModelVersion:
        version = self.version(data)
        self.verdict(version, True)
        return version

    def about(self, version: ModelVersion, check: str) -> list[Evidence]:
        return self.ledger.find(subject=Subject("model_version", str(version)), check=check)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        made = Database.sqlite(tmp_path / "treadle.db")
        apply_migrations(made)
        yield made
        made.close()
        return
    url = os.environ.get("TREADLE_TEST_POSTGRES")
    if not url:
        pytest.skip("needs a PostgreSQL server (TREADLE_TEST_POSTGRES)")
    name = f"registry_{uuid.uuid4().hex[:12]}"
    outside = Database(url)
    outside.execute(f"CREATE SCHEMA {name}")
    made = Database(f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{name}")
    apply_migrations(made)
    yield made
    made.close()
    outside.execute(f"DROP SCHEMA {name} CASCADE")
    outside.close()


@pytest.fixture
def bench(database: Database, tmp_path: Path) -> Bench:
    clock = ReplayClock(datetime(2013, 4, 1, tzinfo=UTC))
    store = ArtifactStore(tmp_path / "artifacts")
    return Bench(
        database=database,
        store=store,
        references=References(database, store, project="p", clock=clock),
        ledger=Ledger(database, "p", clock, CountingIds("e")),
        clock=clock,
        ids=CountingIds("p"),
    )
