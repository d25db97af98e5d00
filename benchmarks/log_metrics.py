"""Logging metric points and searching runs locally, beside raw SQLite, alternated in one run.

    python benchmarks/log_metrics.py [--repeats 5] [--json FILE]

*Singly* logs 20,000 points one call at a time, each durable when its call returns (against `kill -9`, as SQLite's WAL with
`synchronous = NORMAL` is). *Batched* logs 200 batches of 1,000 points of five metrics. *Readable* is the same 200,000 points until
their history and newest values can be read: raw SQLite has them in a table with an index over (run, metric, step), Treadle in
series with segments. *Search* finds the top 20, and all, of 1,000 runs with five params and five metrics each, of which 300 fulfil
a filter; raw SQLite runs hand-written SQL over the same columns and makes dictionaries. Raw SQLite checks nothing: no names,
no numbers, no project, no run that exists.
Measured by others on the same kind of machine, per second: Trackio 36,000, Aim 13,800, W&B offline 9,100 (locally, singly).
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from treadle.clock import SystemClock
from treadle.database import Database, apply_migrations
from treadle.ids import RandomIds
from treadle.tracking import Tracker

SINGLE, BATCHES, SIZE, RUNS = 20_000, 200, 1_000, 1_000
FILTER = "metrics.m0 > 0.4 and params.p0 = 'a'"
GOAL = 1.5  # times raw SQLite
Figures = dict[str, dict[str, list[float]]]


class Raw:
    """What a person would write over sqlite3."""

    def __init__(self, folder: Path) -> None:
        self.connection = sqlite3.connect(folder / "raw.db", isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = NORMAL")
        self.connection.executescript(
            "CREATE TABLE points (run TEXT, name TEXT, step INTEGER, time INTEGER, value REAL);"
            "CREATE TABLE indexed (run TEXT, name TEXT, step INTEGER, time INTEGER, value REAL);"
            "CREATE INDEX by_step ON indexed (run, name, step);"
            "CREATE TABLE runs (id TEXT PRIMARY KEY, name TEXT, started INTEGER);"
            "CREATE TABLE params (run TEXT, name TEXT, value TEXT, PRIMARY KEY (run, name));"
            "CREATE TABLE latest (run TEXT, name TEXT, value REAL, PRIMARY KEY (run, name));"
            "CREATE INDEX by_value ON latest (name, value);"
        )

    def singly(self) -> None:
        for step in range(SINGLE):
            row = ("run", "loss", step, time.time_ns() // 1000, 0.5)
            self.connection.execute("INSERT INTO points VALUES (?, ?, ?, ?, ?)", row)

    def batched(self, table: str = "points") -> None:
        for _ in range(BATCHES):
            now = time.time_ns() // 1000
            rows = [("run", f"m{step % 5}", step, now, 0.5) for step in range(SIZE)]
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.executemany(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?)", rows)
            self.connection.execute("COMMIT")

    def readable(self) -> None:
        self.batched("indexed")
        self.connection.execute(
            "SELECT step, time, value FROM indexed WHERE run = 'run' AND name = 'm0' ORDER BY step"
        ).fetchall()
        self.connection.execute("DELETE FROM indexed")

    def fill(self, runs: list[tuple[dict[str, str], dict[str, float]]]) -> None:
        for number, (params, metrics) in enumerate(runs):
            self.connection.execute("INSERT INTO runs VALUES (?, ?, ?)", (f"r{number}", f"run {number}", number))
            self.connection.executemany(
                "INSERT INTO params VALUES (?, ?, ?)", [(f"r{number}", *one) for one in params.items()]
            )
            self.connection.executemany(
                "INSERT INTO latest VALUES (?, ?, ?)", [(f"r{number}", *one) for one in metrics.items()]
            )

    def search(self, limit: int) -> int:
        rows = self.connection.execute(
            "SELECT r.id, r.name, r.started FROM runs r JOIN latest m ON m.run = r.id AND m.name = 'm0' AND m.value > 0.4 "
            "JOIN params p ON p.run = r.id AND p.name = 'p0' AND p.value = 'a' ORDER BY m.value DESC LIMIT ?",
            (limit,),
        ).fetchall()
        found = {row[0]: {"name": row[1], "params": {}, "metrics": {}} for row in rows}
        marks = ", ".join("?" * len(found))
        for table, kind in (("params", "params"), ("latest", "metrics")):
            for run, name, value in self.connection.execute(
                f"SELECT * FROM {table} WHERE run IN ({marks})", list(found)
            ):
                found[run][kind][name] = value
        return len(found)


class Ours:
    """The same through the tracker."""

    def __init__(self, folder: Path) -> None:
        database = Database.sqlite(folder / "metrics.db")
        apply_migrations(database, "metrics")
        self.tracker = Tracker(database, project="bench", clock=SystemClock(), ids=RandomIds())
        self.run = self.tracker.start_run("points").id

    def singly(self) -> None:
        for step in range(SINGLE):
            self.tracker.log_metrics(self.run, {"loss": 0.5}, step=step)

    def batched(self) -> None:
        for _ in range(BATCHES):
            self.tracker.log_batch(self.run, [(f"m{step % 5}", 0.5, step) for step in range(SIZE)])

    def readable(self) -> None:
        self.run = self.tracker.start_run("points").id
        self.batched()
        self.tracker.history(self.run, "m0")

    def fill(self, runs: list[tuple[dict[str, str], dict[str, float]]]) -> None:
        for params, metrics in runs:
            run = self.tracker.start_run("searched", params=params)
            self.tracker.log_metrics(run.id, metrics)

    def search(self, limit: int) -> int:
        return len(self.tracker.search("searched", FILTER, order_by="metrics.m0 desc", limit=limit).runs)


def measure(repeats: int) -> Figures:
    """Seconds by work and by who did it, alternated."""
    draw = random.Random(1)
    runs = [
        ({f"p{j}": draw.choice("ab") for j in range(5)}, {f"m{j}": draw.random() for j in range(5)})
        for _ in range(RUNS)
    ]
    figures: Figures = {}
    with tempfile.TemporaryDirectory() as folder:
        both = {"raw": Raw(Path(folder)), "treadle": Ours(Path(folder))}
        for one in both.values():
            one.fill(runs)
        assert both["raw"].search(RUNS) == both["treadle"].search(RUNS) > 200
        for _ in range(repeats):
            for name, one in both.items():
                work: dict[str, Callable[[], object]] = {
                    "singly": one.singly,
                    "batched": one.batched,
                    "readable": one.readable,
                    "search top 20": lambda one=one: one.search(20),
                    "search all": lambda one=one: one.search(RUNS),
                }
                for what, do in work.items():
                    if isinstance(one, Ours):
                        one.tracker.search(
                            "searched", limit=1
                        )  # what was logged before is settled and not counted again
                    started = time.perf_counter()
                    do()
                    figures.setdefault(what, {}).setdefault(name, []).append(time.perf_counter() - started)
    return figures


def main() -> None:
    """Measure, print, and write the raw figures when asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    figures = measure(given.repeats)
    points = {"singly": SINGLE, "batched": BATCHES * SIZE, "readable": BATCHES * SIZE}
    print(f"{'work':<16} {'raw SQLite':>16} {'Treadle':>16} {'times raw':>10}   goal {GOAL}")
    for what, by in figures.items():
        raw, ours = (statistics.median(by[name]) for name in ("raw", "treadle"))
        if what in points:
            shown = [f"{points[what] / seconds:,.0f}/s" for seconds in (raw, ours)]
        else:
            shown = [f"{seconds * 1e3:.2f} ms" for seconds in (raw, ours)]
        print(f"{what:<16} {shown[0]:>16} {shown[1]:>16} {ours / raw:>10.2f}")
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
