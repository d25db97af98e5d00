"""The ledger through `kill -9`: what was acknowledged is there, nothing is half there, and the chain never forks."""

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

from treadle.clock import SystemClock
from treadle.database import Database
from treadle.evidence import Ledger
from treadle.ids import RandomIds
from treadle.testing import postgres_database, postgres_url, sqlite_database

APPEND = """
import sys
from treadle.clock import SystemClock
from treadle.database import Database
from treadle.evidence import Ledger, Subject, Verdict
from treadle.ids import RandomIds

ledger = Ledger(Database(sys.argv[1]), "p", SystemClock(), RandomIds())
for number in range(int(sys.argv[2])):
    found = ledger.record("check", "data", Subject("dataset_version", "d@1"), Verdict("passed", number, summary="x" * 500))
    print(found.id, flush=True)
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


def append(database: Database, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", APPEND, database.url, str(count)], stdout=subprocess.PIPE, text=True)


def acknowledged(process: subprocess.Popen[str]) -> list[str]:
    """The ids that were told before the end; a torn last line was not."""
    assert process.stdout is not None
    said = process.stdout.read()  # not communicate(), which loses what readline() has in its buffer
    process.wait(timeout=60)
    return [line.strip() for line in said.splitlines(keepends=True) if line.endswith("\n")]


def test_writers_at_once_make_one_chain(database: Database) -> None:
    writers = [append(database, 60) for _ in range(3)]
    told = [name for writer in writers for name in acknowledged(writer)]
    ledger = Ledger(database, "p", SystemClock(), RandomIds())
    assert len(set(told)) == 180
    assert {found.id for found in ledger.find(limit=1000)} == set(told)
    assert [found.sequence for found in ledger.find(limit=1000, newest_first=False)] == list(range(1, 181))
    verification = ledger.verify()
    assert (verification.ok, verification.records, verification.broken) == (True, 180, [])


def test_no_acknowledged_evidence_is_lost_by_kill(database: Database) -> None:
    ledger = Ledger(database, "p", SystemClock(), RandomIds())
    chance = random.Random(7717)
    told: set[str] = set()
    for _ in range(8):
        anchor = ledger.checkpoint()
        writers = [append(database, 100_000) for _ in range(2)]
        assert writers[0].stdout is not None
        told.add(writers[0].stdout.readline().strip())
        time.sleep(chance.uniform(0, 0.15))
        for writer in writers:
            os.kill(writer.pid, signal.SIGKILL)
        told |= {name for writer in writers for name in acknowledged(writer)}
        verification = ledger.verify(anchor=anchor)
        assert verification.broken == []
        kept = {found.id for found in ledger.find(limit=1_000_000)}
        assert told <= kept
        # a server may still commit what its killed client had sent, between the two looks
        assert verification.records <= len(kept)
    assert len(told) > 8
