"""Labels and the collecting of predictions through `kill -9`: what was acknowledged is there, and nothing is doubled."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from treadle.clock import SystemClock, micros
from treadle.database import Database, apply_migrations
from treadle.monitoring import Feedback, Observations
from treadle.serving import Batch, Endpoints, LogSchema, PredictionLog, encode_batch
from treadle.testing import postgres_database, postgres_url

KILLS = int(os.environ.get("TREADLE_TEST_KILLS", "12")) // 2
START = datetime(2013, 4, 1, tzinfo=UTC)
REQUESTS, ROWS = 200, 25

WORK = """
import sys
from treadle.clock import SystemClock
from treadle.database import Database
from treadle.monitoring import Feedback, LabelEntry, Observations, collecting
from treadle.serving import Endpoints

collecting.CHUNK_ROWS = 200
url, state, begin = sys.argv[1], sys.argv[2], int(sys.argv[3])
database = Database(url)
observations = Observations(database, Endpoints(state), project="p", clock=SystemClock())
feedback = Feedback(database, project="p", clock=SystemClock())
print("ready", flush=True)
for request in range(begin, 200):
    feedback.label("clf", [LabelEntry(f"{request}.{row}", row % 2 == 0) for row in range(25)])
    print(request, flush=True)
    observations.collect("clf")
"""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        made = Database.sqlite(tmp_path / "monitoring.db")
        apply_migrations(made, "monitoring")
        yield made
        made.close()
        return
    url = postgres_url()
    if url is None:
        pytest.skip("needs PostgreSQL (TREADLE_TEST_POSTGRES)")
    with postgres_database(url) as database:
        apply_migrations(database, "monitoring")
        yield database


def logged(state: Path) -> Endpoints:
    """A log of 200 requests of 25 rows in several segments."""
    endpoints = Endpoints(state)
    folder = endpoints.log_folder("clf")
    folder.mkdir(parents=True)
    log = PredictionLog(folder, segment_bytes=40_000)
    schema = LogSchema(
        endpoint="clf",
        model="clf",
        version=1,
        variant="champion",
        package="p",
        numbers=("x",),
        texts=(),
        classes=(False, True),
    )
    log.describe("one", schema)
    scores = np.tile(np.array([0.3, 0.7], dtype="<f4"), ROWS).tobytes()
    for request in range(REQUESTS):
        ids = [f"{request}.{row}" for row in range(ROWS)]
        at = micros(START + timedelta(hours=request))
        log.append(encode_batch(Batch("one", ids, "", at, 1000, b"\0" * 4 * ROWS, [], scores)))
    log.close()
    return endpoints


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is of POSIX systems")
def test_acknowledged_labels_survive_and_nothing_is_doubled(database: Database, tmp_path: Path) -> None:
    endpoints, chance = logged(tmp_path / "state"), random.Random(20130101)
    acknowledged: set[int] = set()
    for kill in range(KILLS + 1):
        # each goes back a little, so that labels also come again
        begin = max(max(acknowledged, default=0) - 3, 0)
        command = [sys.executable, "-c", WORK, database.url, str(endpoints.state), str(begin)]
        worker = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
        if kill < KILLS:
            time.sleep(chance.uniform(0.02, 0.4))
            worker.send_signal(signal.SIGKILL)
        said = worker.stdout.read()
        worker.wait(timeout=120)
        acknowledged |= {int(line) for line in said.splitlines(keepends=True) if line.endswith("\n")}
        for request in acknowledged:
            history = Feedback(database, project="p", clock=SystemClock()).history("clf", f"{request}.7")
            assert [event.value for event in history] == [False], request
    observations = Observations(database, endpoints, project="p", clock=SystemClock())
    observations.collect("clf")
    assert acknowledged == set(range(REQUESTS))
    table = observations.predictions("clf", START, START + timedelta(hours=REQUESTS))
    assert sorted(table["id"].to_pylist()) == sorted(f"{n}.{row}" for n in range(REQUESTS) for row in range(ROWS))
    assert table["outcome"].to_pylist() == [float(int(one.split(".")[1]) % 2 == 0) for one in table["id"].to_pylist()]
    rows = database.one("SELECT COUNT(*) AS n FROM feedback")
    assert rows is not None
    assert rows["n"] == REQUESTS * ROWS
