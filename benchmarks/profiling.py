"""Profiling 20 columns beside the same profile hand-written in DuckDB, alternated in one run.

    python benchmarks/profiling.py [--rows 1000000] [--repeats 5] [--json FILE]     # the published figures: --rows 5000000

Twelve numbers (normal, lognormal, exponential, integers), six texts (3 to 100,000 different values), two timestamps, 2 % missing,
Zstandard Parquet. By hand: counts, ranges, moments, five approximate quantiles, approximate distinct counts and the ten most
frequent values in one scan, histograms of 30 bins in a second. Treadle gives these and more (seven quantiles, counts beside the
hundred most frequent values, fine histograms that later versions are compared over, lengths, NaN and infinities), and the 20
expectations of a schema besides: `validate` looks only at the profile, so they cost no scan of their own.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from treadle.datasets import Engine
from treadle.statistics import profile
from treadle.validation import infer_schema, validate

CARDINALITIES = (3, 10, 50, 200, 1000, 100_000)
NUMBERS = [f"n{i}" for i in range(12)]
TEXTS = [f"c{i}" for i in range(6)]
TIMES = ["t0", "t1"]
CHUNK = 500_000


def chunk(draw: np.random.Generator, rows: int) -> pa.Table:
    """Some rows of the data."""
    columns: dict[str, pa.Array] = {}
    for number, name in enumerate(NUMBERS):
        if number < 6:
            values: np.ndarray = draw.normal(0, 1, rows)
        elif number < 8:
            values = draw.lognormal(0, 1, rows)
        elif number < 10:
            values = draw.integers(0, 100 if number == 8 else 10**6, rows)
        else:
            values = draw.exponential(10, rows)
        columns[name] = pa.array(values, mask=draw.random(rows) < 0.02)
    for name, different in zip(TEXTS, CARDINALITIES, strict=True):
        codes = pa.array(draw.integers(0, different, rows).astype(np.int32), mask=draw.random(rows) < 0.02)
        words = pa.array([f"k{i}" for i in range(different)])
        columns[name] = pa.DictionaryArray.from_arrays(codes, words).cast(pa.string())
    for name in TIMES:
        moments = 1_735_689_600_000_000 + draw.integers(0, 31_536_000_000_000, rows)
        columns[name] = pa.array(moments, pa.timestamp("us"), mask=draw.random(rows) < 0.02)
    return pa.table(columns)


def make(path: Path, rows: int) -> None:
    """Write the data."""
    draw = np.random.default_rng(11)
    writer = None
    for start in range(0, rows, CHUNK):
        part = chunk(draw, min(CHUNK, rows - start))
        writer = writer or pq.ParquetWriter(path, part.schema, compression="zstd")
        writer.write_table(part, row_group_size=250_000)
    if writer is not None:
        writer.close()


def by_hand(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """What somebody who knows DuckDB well would write."""
    asked = [
        f"count({x}), min({x}), max({x}), avg({x}), stddev({x}), approx_count_distinct({x}),"
        f" approx_quantile({x}, [.05, .25, .5, .75, .95])"
        for x in NUMBERS
    ]
    asked += [f"count({x}), approx_count_distinct({x}), approx_top_k({x}, 10)" for x in TEXTS]
    asked += [f"count({x}), min({x}), max({x}), approx_count_distinct({x})" for x in TIMES]
    found = connection.execute(f"SELECT {', '.join(asked)} FROM '{path}'").fetchone()
    assert found is not None
    bins = []
    for index, x in enumerate(NUMBERS):
        low, high = found[7 * index + 1], found[7 * index + 2]
        bins.append(f"histogram(least(29, floor(({x} - {low}) / {(high - low) or 1} * 30))::UTINYINT)")
    connection.execute(f"SELECT {', '.join(bins)} FROM '{path}'").fetchone()


def measured(action: Callable[[], Any]) -> tuple[float, float]:
    """Seconds by the wall and by the processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - wall, time.process_time() - cpu


def run(folder: Path, rows: int, repeats: int) -> dict[str, Any]:
    """Both, alternated."""
    path = folder / "rows.parquet"
    make(path, rows)
    engine = Engine(memory_limit="4GB", threads=2, temp=folder / "temp")
    connection = duckdb.connect(config={"threads": 2})
    seen = profile(engine, [path])
    schema = infer_schema(seen, name="rows")
    times: dict[str, list[tuple[float, float]]] = {"by hand": [], "profile": [], "validate": []}
    for _ in range(repeats):
        times["by hand"].append(measured(lambda: by_hand(connection, path)))
        times["profile"].append(measured(lambda: profile(engine, [path])))
        times["validate"].append(measured(lambda: validate(seen, schema, previous=seen)))
    result: dict[str, Any] = {"rows": rows, "repeats": repeats, "raw": times}
    for name, pairs in times.items():
        result[name] = {
            "wall": statistics.median(wall for wall, _ in pairs),
            "cpu": statistics.median(cpu for _, cpu in pairs),
        }
    together = result["profile"]["wall"] + result["validate"]["wall"]
    result["ratio"] = {
        "wall": together / result["by hand"]["wall"],
        "cpu": (result["profile"]["cpu"] + result["validate"]["cpu"]) / result["by hand"]["cpu"],
        "goal": 1.3,
    }
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = run(Path(folder), arguments.rows, arguments.repeats)
    print(f"{result['rows']:,} rows × 20 columns, median of {result['repeats']}:")
    for name in ("by hand", "profile", "validate"):
        print(f"  {name:<10} {result[name]['wall']:8.3f} s   {result[name]['cpu']:8.3f} s of processor time")
    ratio = result["ratio"]
    print(
        f"  profile and validate / by hand: {ratio['wall']:.2f} (processor {ratio['cpu']:.2f}), goal ≤ {ratio['goal']}"
    )
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
