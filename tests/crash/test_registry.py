"""The registry through `kill -9`: an acknowledged move happened, a move is whole or absent, and the story has no gaps."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from treadle.artifacts import ArtifactStore, References
from treadle.clock import SystemClock
from treadle.database import Database
from treadle.evidence import Ledger
from treadle.ids import RandomIds
from treadle.registry import Registry
from treadle.testing import postgres_database, postgres_url, sqlite_database

MOVE = """
import sys
from treadle.artifacts import ArtifactStore, References
from treadle.clock import SystemClock
from treadle.database import Database
from treadle.evidence import Ledger, Verdict
from treadle.ids import RandomIds
from treadle.registry import Registry

database, store = Database(sys.argv[1]), ArtifactStore(sys.argv[2])
clock, ids = SystemClock(), RandomIds()
ledger = Ledger(database, "p", clock, ids)
registry = Registry(
    database, ledger, References(database, store, "p", clock), project="p", environment="production", clock=clock, ids=ids
)
while True:
    made = registry.create_version(
        "late",
        store.put(ids.new().encode()),
        gates=["g"],
        judge=lambda version: ledger.record("g", "candidate", version.subject, Verdict("passed")),
    )
    print(registry.promote("late", made.number, why="newer", principal="w").id, flush=True)
    if made.number > 3 and made.number % 3 == 0:
        print(registry.rollback("late", why="older", principal="w").id, flush=True)
"""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        yield sqlite_database(tmp_path)
        return
    url = postgres_url()
    if url is None:
        pytest.skip("needs PostgreSQL (TREADLE_TEST_POSTGRES)")
    with postgres_database(url) as database:
        yield database


def test_moves_are_whole_or_absent_whenever_their_writers_die(database: Database, tmp_path: Path) -> None:
    chance = random.Random(2013)
    store = ArtifactStore(tmp_path / "artifacts")
    clock, ids = SystemClock(), RandomIds()
    ledger = Ledger(database, "p", clock, ids)
    references = References(database, store, "p", clock)
    registry = Registry(
        database, ledger, references, project="p", environment="production", clock=clock, ids=ids
    )  # fmt: skip
    told: list[str] = []
    for _ in range(5):
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", MOVE, database.url, str(store.root)], stdout=subprocess.PIPE, text=True
            )
            for _ in range(2)
        ]
        for writer in writers:
            assert writer.stdout is not None
            told.append(writer.stdout.readline().strip())
        time.sleep(chance.uniform(0.05, 0.3))
        for writer in writers:
            os.kill(writer.pid, signal.SIGKILL)
        for writer in writers:
            assert writer.stdout is not None
            said = writer.stdout.read()  # not communicate(), which loses what readline() has in its buffer
            writer.wait(timeout=60)
            told += [line.strip() for line in said.splitlines(keepends=True) if line.endswith("\n")]
    moves = registry.history("late")[::-1]
    assert len(told) > 10
    assert set(told) <= {move.id for move in moves}
    assert [move.from_version for move in moves] == [None, *(move.to_version for move in moves[:-1])]
    assert registry.get("late", "champion").number == moves[-1].to_version
    versions = registry.versions("late")
    assert [v.number for v in versions] == list(range(len(versions), 0, -1))
    for version in versions:
        assert registry.gates("late", version.number).passed
        assert references.owners(version.digest) == (f"model_version:late@{version.number}",)
    recorded = [e for check in ("promotion", "rollback") for e in ledger.find(check=check, limit=10_000)]
    assert {move.evidence[-1] for move in moves} == {e.id for e in recorded}
    assert ledger.verify().ok
