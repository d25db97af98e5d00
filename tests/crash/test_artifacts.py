"""Artifacts through `kill -9`: what was acknowledged is whole, and nothing half written is ever taken for whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from treadle.artifacts import ArtifactStore, References
from treadle.clock import SystemClock
from treadle.testing import sqlite_database

PUT = """
import os, random, sys
from treadle.artifacts import ArtifactStore

store, chance = ArtifactStore(sys.argv[1], durability=sys.argv[2]), random.Random()
while True:
    data = os.urandom(chance.choice([0, 10, 10_000, 3_000_000]))
    if chance.random() < 0.3:
        path = sys.argv[1] + "-" + str(os.getpid())
        with open(path, "wb") as file:
            file.write(data)
        print(store.put_file(path), flush=True)
    else:
        print(store.put(data), flush=True)
"""


@pytest.mark.parametrize("durability", ["process", "power"])
def test_no_acknowledged_artifact_is_lost_or_torn_by_kill(tmp_path: Path, durability: str) -> None:
    store = ArtifactStore(tmp_path / "artifacts")
    chance = random.Random(7717)
    told: set[str] = set()
    for _ in range(10):
        writer = subprocess.Popen(
            [sys.executable, "-c", PUT, str(store.root), durability], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        told.add(writer.stdout.readline().strip())
        time.sleep(chance.uniform(0, 0.1))
        os.kill(writer.pid, signal.SIGKILL)
        said = writer.stdout.read()  # not communicate(), which loses what readline() has in its buffer
        writer.wait(timeout=60)
        told |= {line.strip() for line in said.splitlines(keepends=True) if line.endswith("\n")}
    kept = set(store.digests())
    assert told <= kept
    for digest in kept:
        store.verify(digest)
    assert len(told) > 10


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_a_killed_writer_left_behind_is_swept(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "artifacts")
    program = (
        "import os, signal, sys\nfrom treadle.artifacts import ArtifactStore\n"
        "os.mkfifo(sys.argv[1] + '.pipe')\nprint('ready', flush=True)\n"
        "ArtifactStore(sys.argv[1]).put_file(sys.argv[1] + '.pipe')"
    )
    writer = subprocess.Popen([sys.executable, "-c", program, str(store.root)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    with open(f"{store.root}.pipe", "wb") as pipe:
        pipe.write(b"x" * 100_000)
        pipe.flush()
        while not list((store.root / "half").glob("*")):
            time.sleep(0.01)
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait(30)
    references = References(sqlite_database(tmp_path), store, "p", SystemClock())
    assert list(store.digests()) == []
    assert references.sweep(dry_run=False).halves == 0  # young: somebody may be writing it just now
    for half in (store.root / "half").iterdir():
        os.utime(half, (1, 1))
    assert references.sweep(dry_run=False, older_than=timedelta(hours=1)).halves == 1
    assert list((store.root / "half").iterdir()) == []
