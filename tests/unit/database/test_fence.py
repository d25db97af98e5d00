"""A holder that was stopped and wakes up too late is refused, in the very transaction of its write."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from treadle.database import Database
from treadle.testing import postgres_database, postgres_url, sqlite_database

HOLDER = """
import sys
from treadle.database import Database, Fence
from treadle.errors import Fenced

database = Database(sys.argv[1])
fence = Fence("p", "controller", 1)
with database.transaction(fence):
    database.execute("UPDATE leases SET beats = beats + 1 WHERE project = 'p'")
print("held", flush=True)
sys.stdin.readline()
try:
    with database.transaction(fence):
        database.execute("UPDATE leases SET beats = beats + 100 WHERE project = 'p'")
    print("wrote")
except Fenced as error:
    print("fenced", error)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows does not stop processes by signal")
@pytest.mark.parametrize("taken_over", [True, False])
@pytest.mark.parametrize("dialect", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_holder_that_wakes_after_its_lease_passed_on_writes_nothing(
    tmp_path: Path, dialect: str, taken_over: bool
) -> None:
    if dialect == "sqlite":
        _stop_and_wake(sqlite_database(tmp_path), taken_over)
        return
    url = postgres_url()
    if url is None:
        pytest.skip("needs PostgreSQL (TREADLE_TEST_POSTGRES)")
    with postgres_database(url) as database:
        _stop_and_wake(database, taken_over)


def _stop_and_wake(database: Database, taken_over: bool) -> None:
    row = {"project": "p", "name": "controller", "holder": "first", "epoch": 1, "taken_at": 0, "expires_at": 0}
    database.insert("leases", row)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, database.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.send_signal(signal.SIGSTOP)
    if taken_over:
        database.execute("UPDATE leases SET epoch = 2, holder = 'second' WHERE project = 'p'")
    time.sleep(0.05)
    holder.send_signal(signal.SIGCONT)
    said, _ = holder.communicate("go\n", timeout=30)
    beats = (database.one("SELECT beats FROM leases WHERE project = 'p'") or {})["beats"]
    if taken_over:
        assert said.startswith("fenced The lease 'controller' of epoch 1 has passed on (now held by epoch 2)")
        assert beats == 1
    else:
        assert said == "wrote\n"
        assert beats == 101
