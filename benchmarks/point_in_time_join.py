"""The point-in-time join beside a raw DuckDB ASOF join over the same Parquet files, alternated in one run.

    python benchmarks/point_in_time_join.py [--rows 100000,1000000] [--repeats 5] [--json FILE]

Three views of 1, 1 and 5 million rows over 100,000 keys, three features each; the rows asked for have random keys and instants. The
raw join writes no order and checks nothing; Treadle's gives the rows back in their order, appended to what was asked, and makes
sure that ties are settled by content and not by chance. `first` is a new process's first join on these dataset versions,
`following` every later one (whether rows can tie is remembered by version). Feast's figures were measured on the same kind of
machine with the same data: 2.4 s and 19.8 s (DuckDB offline store, 947 MiB and 4,950 MiB), 14.1 s at 100 k with its default store.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from treadle.clock import SystemClock
from treadle.database import Database, apply_migrations
from treadle.datasets import Datasets, Engine, Source, parquet
from treadle.features import FeatureStore, FeatureView, MemoryOnlineStore
from treadle.ids import RandomIds

START = 1_767_225_600_000_000  # 2026-01-01 UTC
SPAN = 30 * 86_400_000_000
KEYS = 100_000
VIEWS = {1: 1_000_000, 2: 1_000_000, 3: 5_000_000}


def make(folder: Path, asked: list[int]) -> None:
    """Write the views and the rows asked for as Parquet files."""
    draw = np.random.default_rng(3)
    moment = pa.timestamp("us", tz="UTC")
    for number, rows in VIEWS.items():
        at = np.sort(START + draw.integers(0, SPAN, rows))
        columns = {"user_id": pa.array(draw.integers(0, KEYS, rows)), "event_timestamp": pa.array(at, moment)}
        columns |= {f"v{number}_f{j}": pa.array(draw.normal(size=rows)) for j in range(3)}
        pq.write_table(pa.table(columns), folder / f"fv{number}.parquet", compression="zstd")
    for rows in asked:
        at = START + draw.integers(SPAN // 2, SPAN, rows)
        columns = {"user_id": pa.array(draw.integers(0, KEYS, rows)), "event_timestamp": pa.array(at, moment)}
        pq.write_table(pa.table(columns), folder / f"asked_{rows}.parquet")


def raw(folder: Path, rows: int, connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """What a person would write by hand."""
    features = ", ".join(f"v{k}_f{j}" for k in VIEWS for j in range(3))
    joins = " ".join(
        f"ASOF LEFT JOIN read_parquet('{folder}/fv{k}.parquet') f{k} "
        f"ON e.user_id = f{k}.user_id AND e.event_timestamp >= f{k}.event_timestamp"
        for k in VIEWS
    )
    sql = f"SELECT e.*, {features} FROM read_parquet('{folder}/asked_{rows}.parquet') e {joins}"
    return connection.sql(sql).to_arrow_table()


def opened(folder: Path, memory: str) -> tuple[FeatureStore, list[FeatureView]]:
    """A project whose sources hold the data."""
    database = Database.sqlite(folder / "treadle.db")
    apply_migrations(database)
    clock = SystemClock()
    engine = Engine(memory_limit=memory, threads=2, temp=folder / "temp")
    datasets = Datasets(database, folder / "tables", engine, project="bench", clock=clock, ids=RandomIds())
    views = []
    for number in VIEWS:
        source = Source(
            f"fv{number}",
            parquet(str(folder / f"fv{number}.parquet")),
            id=("user_id", "event_timestamp"),
            time="event_timestamp",
        )
        if f"fv{number}" not in datasets.names():
            datasets.ingest(source, root=folder)
        features = [f"v{number}_f{j}" for j in range(3)]
        views.append(FeatureView(f"view{number}", source, entity="user_id", features=features))
    return FeatureStore(engine, datasets, MemoryOnlineStore(), project="bench", clock=clock), views


def treadle(folder: Path, rows: int, store: FeatureStore, views: list[FeatureView]) -> pa.Table:
    """The same through the feature store."""
    asked = pq.read_table(folder / f"asked_{rows}.parquet")
    return store.get_historical_features(asked, views, time="event_timestamp")


def checked(folder: Path, rows: int, connection: duckdb.DuckDBPyConnection, found: pa.Table) -> None:
    """Both give the same rows: equal sums of every feature, and every asked row once, in order."""
    expected = raw(folder, rows, connection)
    asked = pq.read_table(folder / f"asked_{rows}.parquet")
    assert found.select(asked.column_names).equals(asked)
    for number in VIEWS:
        for j in range(3):
            mine = np.sort(found[f"view{number}__v{number}_f{j}"].to_numpy())
            theirs = np.sort(expected[f"v{number}_f{j}"].to_numpy())
            assert np.array_equal(mine, theirs, equal_nan=True)


def timed(action: Any) -> tuple[float, float, Any]:
    """Seconds on the wall, seconds of processor, and what came of it."""
    started, processor = time.perf_counter(), time.process_time()
    result = action()
    return time.perf_counter() - started, time.process_time() - processor, result


def alternated(folder: Path, rows: int, repeats: int, memory: str) -> dict[str, Any]:
    """Both in turns."""
    connection = duckdb.connect(config={"memory_limit": memory, "threads": 2})
    store, views = opened(folder, memory)
    raw(folder, rows, connection)
    first, _, found = timed(lambda: treadle(folder, rows, store, views))
    checked(folder, rows, connection, found)
    by_hand, mine = [], []
    for _ in range(repeats):
        by_hand.append(timed(lambda: raw(folder, rows, connection))[:2])
        mine.append(timed(lambda: treadle(folder, rows, store, views))[:2])
    floor, floor_cpu = (statistics.median(column) for column in zip(*by_hand, strict=True))
    median, median_cpu = (statistics.median(column) for column in zip(*mine, strict=True))
    return {
        "rows": rows,
        "raw_wall_cpu_s": by_hand,
        "treadle_wall_cpu_s": mine,
        "first_s": first,
        "raw_median_s": floor,
        "treadle_median_s": median,
        "ratio_following": median / floor,
        "ratio_following_cpu": median_cpu / floor_cpu,
        "ratio_first": first / floor,
    }


def peak(which: str, folder: Path, rows: int, memory: str) -> float:
    """The peak memory in MiB of a process that joins once."""
    command = [
        sys.executable,
        __file__,
        "--one",
        which,
        "--folder",
        str(folder),
        "--rows",
        str(rows),
        "--memory",
        memory,
    ]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def one(which: str, folder: Path, rows: int, memory: str) -> None:
    """Join once and print the peak memory; runs in a process of its own."""
    if which == "raw":
        raw(folder, rows, duckdb.connect(config={"memory_limit": memory, "threads": 2}))
    else:
        treadle(folder, rows, *opened(folder, memory))
    # Not ru_maxrss: a child begins with its parent's.
    status = Path("/proc/self/status").read_text()
    print(next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", default="100000,1000000")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--memory", default="4GB")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--one", choices=("raw", "treadle"), help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    asked = [int(rows) for rows in given.rows.split(",")]
    if given.one:
        one(given.one, given.folder, asked[0], given.memory)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        make(folder, asked)
        results = []
        for rows in asked:
            result = alternated(folder, rows, given.repeats, given.memory)
            for memory in (given.memory, "600MB"):
                result[f"peak_mib_treadle_{memory}"] = peak("treadle", folder, rows, memory)
            result["peak_mib_raw"] = peak("raw", folder, rows, given.memory)
            results.append(result)
            print(
                f"{rows:>9,} rows: raw {result['raw_median_s']:.2f} s, Treadle {result['treadle_median_s']:.2f} s "
                f"({result['ratio_following']:.2f} x; processor {result['ratio_following_cpu']:.2f} x; "
                f"first {result['first_s']:.2f} s, {result['ratio_first']:.2f} x); "
                + ", ".join(f"{name} {value:,.0f}" for name, value in result.items() if name.startswith("peak"))
            )
    if given.json:
        given.json.write_text(json.dumps({"benchmark": "point_in_time_join", "results": results}, indent=1))


if __name__ == "__main__":
    main()
