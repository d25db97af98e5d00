"""Collecting predictions, joining labels, reading windows: a year of flights in 5,000 requests.

    python benchmarks/feedback.py [--requests 5000] [--rows 51] [--json FILE]

Prints microseconds of processor time and of waiting a row; on a machine that does other things meanwhile only the first is telling.
The labels over HTTP go through the intake that the server's address leads to, without the network.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow  # noqa: F401 - its loading is not what is measured

from treadle.clock import ReplayClock, micros
from treadle.monitoring import LabelEntry
from treadle.server.rest.labels import take
from treadle.serving import Batch, LogSchema, PredictionLog, encode_batch
from treadle.workspace import Workspace

START = datetime(2013, 4, 1, tzinfo=UTC)
DAYS = 270


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--rows", type=int, default=51)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.open(folder, clock=ReplayClock(START + timedelta(days=DAYS + 30)))
        found = measured(workspace, given.requests, given.rows)
        workspace.close()
    for name, each in found.items():
        print(f"{name:45} {each['cpu']:10.2f} {each['wall']:10.2f} {each['unit']}")
    if given.json:
        given.json.write_text(json.dumps(found, indent=2))


def measured(workspace: Workspace, requests: int, rows: int) -> dict[str, Any]:
    """Every figure by name."""
    log(workspace, requests, rows)
    observations, feedback, total = workspace.observations, workspace.feedback, requests * rows
    begin = START + timedelta(days=100)
    week = (begin, begin + timedelta(days=7))
    found: dict[str, Any] = {"collect": timed(lambda: observations.collect("late"), total)}
    found["collect, nothing new (ms)"] = timed(lambda: observations.collect("late"), 0.001, times=20)

    def label_each() -> None:
        for request in range(requests // 2):
            at = START + timedelta(days=request * DAYS / requests, hours=3)
            feedback.label("late", [LabelEntry(f"f{request}-{row}", row % 3 == 0, at) for row in range(rows)])

    found[f"label in Python, {rows} a call"] = timed(label_each, requests // 2 * rows)
    ids = [f"f{request}-{row}" for request in range(requests // 2, requests) for row in range(rows)]
    bodies = [
        msgspec.json.encode(
            {"labels": [{"prediction_id": one, "value": True, "at": week[1]} for one in ids[k : k + 1000]]}
        )
        for k in range(0, len(ids), 1000)
    ]
    found["label over HTTP, 1,000 a request"] = timed(
        lambda: [take(workspace, "late", "labels", body, False, {}) for body in bodies], len(ids)
    )
    count = observations.predictions("late", *week).num_rows
    for name, read in (
        ("predictions", lambda: observations.predictions("late", *week)),
        ("predictions known by", lambda: observations.predictions("late", *week, known_by=week[1])),
        ("features", lambda: observations.features("late", *week)),
        ("counts", lambda: observations.counts("late", *week, every=timedelta(days=1))),
    ):
        found[f"{name} of 7 days, {count:,} rows (ms)"] = timed(read, 0.001, times=9)
    return found


def timed(do: Callable[[], Any], per: float, *, times: int = 1) -> dict[str, Any]:
    """The median time of doing it: microseconds for each of `per`, or with `per` 0.001 milliseconds."""
    spent = []
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        do()
        spent.append((time.process_time() - cpu, time.perf_counter() - wall))
    cpu, wall = (float(np.median(each)) for each in zip(*spent, strict=True))
    factor = 1e3 if per == 0.001 else 1e6 / per
    return {"cpu": cpu * factor, "wall": wall * factor, "unit": "ms" if per == 0.001 else "µs a row"}


def log(workspace: Workspace, requests: int, rows: int) -> None:
    """A year's predictions as a worker writes them: 12 numbers, 2 texts, an entity."""
    folder = workspace.endpoints.log_folder("late")
    folder.mkdir(parents=True)
    writer, chance = PredictionLog(folder), np.random.default_rng(1)
    names = tuple(f"n{number}" for number in range(12))
    texts = ("dest", "carrier")
    given: dict[str, Any] = {"numbers": names, "texts": texts, "entities": ("origin",), "classes": (False, True)}
    writer.describe("one", LogSchema(endpoint="late", model="late", version=3, variant="champion", package="", **given))
    for request in range(requests):
        score = chance.random((rows, 1))
        at = micros(START + timedelta(days=request * DAYS / requests))
        moments = [at + row * 1_000_000 for row in range(rows)]
        numbers = chance.random((rows, 12)).astype("<f4").tobytes()
        scores = np.hstack([1 - score, score]).astype("<f4").tobytes()
        ids = [f"f{request}-{row}" for row in range(rows)]
        body = (numbers, ["IAH", "UA"] * rows, scores, ["EWR"] * rows)
        writer.append(encode_batch(Batch("one", ids, f"r{request}", moments, 900, *body)))
    writer.close()


if __name__ == "__main__":
    main()
