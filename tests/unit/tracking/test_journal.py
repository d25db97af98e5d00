"""Points are durable when logged, settle once, and survive a kill at any instant."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treadle.clock import SystemClock
from treadle.database import Database, apply_migrations
from treadle.ids import RandomIds
from treadle.tracking import Tracker
from treadle.tracking import journal as rooms
from treadle.tracking.points import decode, encode, newest, pack, unpack

POINTS = st.lists(
    st.tuples(st.integers(-(2**63), 2**63 - 1), st.integers(0, 2**62), st.floats(allow_nan=False)),
    min_size=1,
    max_size=30,
)


@given(POINTS)
def test_points_survive_packing(points: list[tuple[int, int, float]]) -> None:
    assert unpack(pack(points)) == points
    named = [("m", *point) for point in points]
    assert decode(encode(named)) == named


@given(POINTS, st.randoms())
def test_the_newest_point_does_not_depend_on_the_order(points: list[tuple[int, int, float]], random: object) -> None:
    turned = list(points)
    random.shuffle(turned)  # type: ignore[attr-defined]
    assert newest(turned) == newest(points)


def test_nan_is_older_than_a_number_of_the_same_moment() -> None:
    assert newest([(1, 1, math.nan), (1, 1, -5.0)]) == (1, 1, -5.0)
    assert math.isnan(newest([(1, 2, math.nan), (1, 1, -5.0)])[2])


def rows(database: Database, table: str) -> int:
    row = database.one(f"SELECT count(*) AS n FROM {table}")
    assert row is not None
    return row["n"]


def test_settling_moves_everything_once(metrics: Database, tracker: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "FULL", 10)
    run = tracker.start_run("e")
    for step in range(25):
        tracker.log_metrics(run.id, {"a": step / 2, "b": -step}, step=step)
    assert tracker._journal.settle() == 25
    assert tracker._journal.settle() == 0
    assert [(p.step, p.value) for p in tracker.history(run.id, "a")] == [(step, step / 2) for step in range(25)]
    key = tracker._keys[run.id]
    sizes = metrics.read(
        "SELECT g.points AS points FROM segments g JOIN series s ON s.key = g.series WHERE s.run = :run AND s.name = 'a' "
        "ORDER BY g.key",
        run=key,
    )
    assert [row["points"] for row in sizes] == [10, 10, 5]
    counted = metrics.one("SELECT points FROM series WHERE run = :run AND name = 'a'", run=key)
    assert counted == {"points": 25}


def test_enough_points_settle_by_themselves(
    metrics: Database, tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "SETTLE_AFTER", 100)
    run = tracker.start_run("e")
    before = rows(metrics, "arrivals")
    for step in range(250):
        tracker.log_metrics(run.id, {"a": 1.0}, step=step)
    assert rows(metrics, "arrivals") - before <= 100
    assert len(tracker.history(run.id, "a")) == 250


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5), st.floats(allow_nan=True)), max_size=30),
    st.integers(0, 9),
)
@settings(max_examples=40, deadline=None)
def test_however_it_is_cut_the_result_is_the_same(points: list[tuple[str, int, float]], cut: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        database = Database.sqlite(Path(folder) / "m.db")
        apply_migrations(database, "metrics")
        tracker = Tracker(database, project="p", clock=SystemClock(), ids=RandomIds())
        whole, parts = tracker.start_run("e"), tracker.start_run("e")
        timed = [(name, value, step, 10 + number) for number, (name, step, value) in enumerate(points)]
        tracker.log_batch(whole.id, timed)
        tracker.log_batch(parts.id, timed[:cut])
        tracker.get(parts.id)  # settles in between
        for point in timed[cut:]:
            tracker.log_batch(parts.id, [point])
        one, other = tracker.get(whole.id), tracker.get(parts.id)
        assert repr(dict(sorted(one.metrics.items()))) == repr(dict(sorted(other.metrics.items())))
        for name in one.metrics:
            assert repr(tracker.history(whole.id, name)) == repr(tracker.history(parts.id, name))
        database.close()


def test_several_threads_log_and_read_at_once(metrics: Database, tracker: Tracker) -> None:
    run = tracker.start_run("e")
    errors: list[Exception] = []

    def write(name: str) -> None:
        try:
            for step in range(60):
                tracker.log_metrics(run.id, {name: float(step)}, step=step)
                if step % 20 == 0:
                    tracker.get(run.id)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert tracker.get(run.id).metrics == dict.fromkeys("abcd", 59.0)
    assert all(len(tracker.history(run.id, name)) == 60 for name in "abcd")


WRITER = """
import sys
from pathlib import Path
from treadle.clock import SystemClock
from treadle.database import Database
from treadle.ids import RandomIds
from treadle.tracking import Tracker, journal
journal.SETTLE_AFTER = 7
tracker = Tracker(Database.sqlite(Path(sys.argv[1])), project="p", clock=SystemClock(), ids=RandomIds())
step = int(sys.argv[3])
while True:
    tracker.log_metrics(sys.argv[2], {"a": float(step)}, step=step)
    print(step, flush=True)
    step += 1
"""


def test_no_acknowledged_point_is_lost_or_doubled_by_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    database = Database.sqlite(path)
    apply_migrations(database, "metrics")
    tracker = Tracker(database, project="p", clock=SystemClock(), ids=RandomIds())
    run = tracker.start_run("e")
    next_step = 0
    for round_number in range(4):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), run.id, str(next_step)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        assert writer.stdout.readline()  # it writes
        time.sleep(0.03 * (round_number + 1))
        os.kill(writer.pid, signal.SIGKILL)
        acknowledged = [int(line) for line in writer.stdout.read().split()]
        writer.wait()
        last = max(acknowledged, default=next_step)
        steps = [point.step for point in tracker.history(run.id, "a")]
        assert steps == list(range(len(steps)))  # none missing, none twice
        assert last <= steps[-1] <= last + 1  # the one that was on its way may be there
        next_step = steps[-1] + 1
    assert tracker.get(run.id).metrics["a"] == next_step - 1
    database.close()
