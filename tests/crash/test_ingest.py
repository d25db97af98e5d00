"""Ingestion through `kill -9`: what was acknowledged is there once, nothing is half there, and the next start mends the rest."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from treadle.clock import SystemClock
from treadle.database import Database
from treadle.datasets import Datasets, Engine, Source, csv, turns
from treadle.ids import RandomIds
from treadle.lineage import Lineage, Ref
from treadle.testing import sqlite_database

OPEN = """
import os, signal, sys
from pathlib import Path
from treadle.clock import SystemClock
from treadle.database import Database
from treadle.datasets import Datasets, Engine, Source, csv
from treadle.ids import RandomIds
from treadle.lineage import Lineage

root = Path(sys.argv[1])
database = Database(sys.argv[2])
engine = Engine(memory_limit="500MB", threads=1, temp=root / "temp" / str(os.getpid()))
clock = SystemClock()
datasets = Datasets(database, root / "tables", engine, project="p", clock=clock, ids=RandomIds(),
                    lineage=Lineage(database, project="p", clock=clock))
"""

# Dies in the middle of the first call of what `sys.argv[3]` names.
DIE = (
    OPEN
    + """
import importlib
module, _, name = sys.argv[3].partition(":")
owner, _, attribute = name.rpartition(".")
place = importlib.import_module("treadle.datasets." + module)
place = getattr(place, owner) if owner else place
real = getattr(place, attribute)

def die(*arguments, **named):
    if sys.argv[4] == "after":
        real(*arguments, **named)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(place, attribute, die)
datasets.ingest(Source("s", csv("data/*.csv"), id="id"), root=root)
"""
)

# Appends one row after the other and says so each time.
GROW = (
    OPEN
    + """
import pyarrow as pa
number = datasets.get("n").rows if "n" in datasets.names() else 0
while True:
    version = datasets.write("n", pa.table({"a": list(range(number + 1))}))
    print(version.number, version.rows, flush=True)
    number = version.rows
"""
)

WRITE = (
    OPEN
    + """
import pyarrow as pa
for number in range(int(sys.argv[4])):
    version = datasets.write("shared", pa.table({"who": [sys.argv[3]], "n": [number]}))
    print(version.number, flush=True)
"""
)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return sqlite_database(tmp_path)


@pytest.fixture
def reopened(tmp_path: Path, database: Database) -> Callable[[], Datasets]:
    """Opens the datasets as a new process would."""

    def reopened() -> Datasets:
        clock, opened = SystemClock(), Database(database.url)
        return Datasets(
            opened,
            tmp_path / "tables",
            Engine(memory_limit="500MB", threads=1, temp=tmp_path / "temp"),
            project="p",
            clock=clock,
            ids=RandomIds(),
            lineage=Lineage(opened, project="p", clock=clock),
        )

    return reopened


def start(program: str, root: Path, database: Database, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, str(root), database.url, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


INSTANTS = [
    # where it dies, before or after, whether the version was committed by then
    ("csv_reading:write_parquet", "before", False),
    ("csv_reading:write_parquet", "after", False),
    ("ingestion:sum_rows", "after", False),
    ("table:VersionedTable.commit", "before", False),
    ("table:VersionedTable.commit", "after", True),
    ("store:VersionStore.add", "before", True),
    ("datasets:Datasets._keep", "after", True),
]


@pytest.mark.parametrize(("where", "when", "committed"), INSTANTS, ids=[f"{i[1]} {i[0]}" for i in INSTANTS])
def test_a_kill_at_this_instant_is_mended(
    tmp_path: Path, database: Database, reopened: Callable[[], Datasets], where: str, when: str, committed: bool
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    source = Source("s", csv("data/*.csv"), id="id")
    (data / "1.csv").write_text("id,x\n1,a\n")
    reopened().ingest(source, root=tmp_path)
    (data / "2.csv").write_text("id,x\n2,b\n")
    child = start(DIE, tmp_path, database, where, when)
    child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL

    datasets = reopened()
    assert [version.number for version in datasets.history("s")] == ([2, 1] if committed else [1])
    result = datasets.ingest(source, root=tmp_path)
    assert result.new is not committed
    assert (result.version.number, datasets.read(result.version).to_pydict()) == (2, {"id": [1, 2], "x": ["a", "b"]})
    assert datasets.read(datasets.get("s", 1)).to_pydict() == {"id": [1], "x": ["a"]}
    upstream = Lineage(database, project="p", clock=SystemClock()).upstream(result.version.ref)
    assert Ref("source", "s") in upstream.nodes, "the lineage of a mended version is there too"


def test_a_living_process_sees_what_a_killed_one_committed(
    tmp_path: Path, database: Database, reopened: Callable[[], Datasets]
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "1.csv").write_text("id,x\n1,a\n")
    datasets = reopened()
    datasets.ingest(Source("s", csv("data/*.csv"), id="id"), root=tmp_path)
    (tmp_path / "data" / "2.csv").write_text("id,x\n2,b\n")
    start(DIE, tmp_path, database, "store:VersionStore.add", "before").communicate(timeout=60)
    assert datasets.get("s").number == 2
    assert len(datasets.history("s")) == 2


def test_kills_at_random_lose_and_double_nothing(
    tmp_path: Path, database: Database, reopened: Callable[[], Datasets]
) -> None:
    chance = random.Random(2013)
    told: dict[int, int] = {}
    for _ in range(6):
        child = start(GROW, tmp_path, database)
        assert child.stdout is not None
        first = child.stdout.readline()
        time.sleep(chance.uniform(0, 0.4))
        os.kill(child.pid, signal.SIGKILL)
        rest = child.stdout.read()  # not communicate(), which loses what readline() has in its buffer
        child.wait(timeout=60)
        for line in (first + rest).splitlines(keepends=True):
            if line.endswith("\n"):
                number, rows = line.split()
                told[int(number)] = int(rows)
        datasets = reopened()
        versions = {version.number: version for version in datasets.history("n")}
        assert sorted(versions) == list(range(1, len(versions) + 1))
        assert told.keys() <= versions.keys()
        for number, rows in told.items():
            assert versions[number].rows == rows
    for version in datasets.history("n")[:20]:
        assert datasets.read(version)["a"].to_pylist() == list(range(version.rows))
    assert len(told) > 6


def test_writers_at_once_each_make_versions_of_their_own(
    tmp_path: Path, database: Database, reopened: Callable[[], Datasets]
) -> None:
    writers = [start(WRITE, tmp_path, database, name, "8") for name in "abc"]
    told = [int(line) for writer in writers for line in writer.communicate(timeout=120)[0].split()]
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    datasets = reopened()
    assert sorted(told) == list(range(1, 25)), "no number was given twice, none was left out"
    rows = [tuple(datasets.read(version).to_pylist()[0].values()) for version in datasets.history("shared")]
    assert sorted(rows) == sorted((name, number) for name in "abc" for number in range(8))


def test_a_stopped_writer_keeps_nobody_waiting_for_ever(
    tmp_path: Path, database: Database, reopened: Callable[[], Datasets], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "_WAIT_SECONDS", 0.5)
    datasets = reopened()
    datasets.write("d", pa.table({"a": [1]}))
    lock = tmp_path / "tables" / "p" / "d" / "turn.lock"
    holder = "import fcntl, sys, time; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX); print(1, flush=True); time.sleep(60)"
    child = subprocess.Popen([sys.executable, "-c", holder, str(lock)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    child.stdout.readline()
    os.kill(child.pid, signal.SIGSTOP)
    try:
        assert datasets.write("d", pa.table({"a": [2]})).number == 2
    finally:
        child.kill()
        child.communicate()
    assert datasets.write("d", pa.table({"a": [3]})).number == 3
