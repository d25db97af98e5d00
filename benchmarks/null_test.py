"""The null test: monitors over the real year of flights, and over years whose days are in another order.

    python benchmarks/null_test.py [--seeds 10] [--folder DIR] [--json FILE]

For each year one model learns from January to March (the example's features and split), scores the rest of the year in this
process, and the standard monitors judge every window that closes, each of them on its schedule. Nothing is told apart in the code:
a permuted year only has its whole days, flights and weather together, at other dates. An alarm is a run of failing windows of one
monitor. In a permuted year every alarm is false; in the real year the delay is counted from the release to the first failing
window.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from xgboost import XGBClassifier

from treadle.clock import SystemClock
from treadle.database import Database, apply_migrations
from treadle.datasets import Datasets, Engine
from treadle.features import FeatureStore, MemoryOnlineStore
from treadle.ids import RandomIds
from treadle.loop import Loop
from treadle.monitoring import (
    Dependencies,
    FeatureJobs,
    Latency,
    LiveWindow,
    Monitor,
    Reference,
    Skew,
    Stale,
    StaleStage,
    Tables,
    standard_monitors,
)
from treadle.monitoring.due import closed_windows

EXAMPLE = Path(__file__).parents[1] / "examples" / "flights"
RELEASE = datetime(2013, 4, 1, tzinfo=UTC)
YEAR_END = datetime(2014, 1, 1, tzinfo=UTC)


def load(path: Path, name: str) -> ModuleType:
    """A file of the example as a module."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def joined(folder: Path, seed: int | None, loop: Loop) -> pa.Table:
    """Every flight of a year with its features as they were known at its scheduled departure."""
    kept = folder / f"joined-{'real' if seed is None else seed}.parquet"
    if kept.exists():
        return pq.read_table(kept)
    data = folder / f"year-{'real' if seed is None else seed}"
    load(EXAMPLE / "prepare.py", "flights_prepare").prepare(data / "data", permute_days=seed)
    database = Database.sqlite(data / "treadle.db")
    apply_migrations(database)
    clock = SystemClock()
    engine = Engine(memory_limit="4GB", threads=2, temp=data / "temp")
    datasets = Datasets(database, data / "tables", engine, project="null", clock=clock, ids=RandomIds())
    for source in loop.sources:
        datasets.ingest(source, root=data)
    rows = datasets.read(datasets.get("flights")).sort_by("scheduled_at")
    store = FeatureStore(engine, datasets, MemoryOnlineStore(), project="null", clock=clock)
    found = store.get_historical_features(rows, loop.views, time="scheduled_at")
    pq.write_table(found, kept)
    return found


def numbers(rows: pa.Table, names: list[str], dests: list[str]) -> np.ndarray:
    """The model's inputs, shape (n, features); the destination as its rank."""
    codes = {dest: code for code, dest in enumerate(dests)}
    columns = [
        [codes.get(value, -1) for value in rows[name].to_pylist()]
        if name == "dest"
        else np.asarray(rows[name].cast(pa.float64()).fill_null(float("nan")))
        for name in names
    ]
    return np.column_stack(columns).astype(np.float32)


def released(rows: pa.Table, names: list[str]) -> tuple[Reference, pa.Table]:
    """What a release made on 1 April remembers, and the answers it gives to the rest of the year."""
    at = rows["scheduled_at"]
    landed = rows["landed_at"].fill_null(YEAR_END)
    learn = rows.filter(pc.and_(pc.less(at, pa.scalar(RELEASE)), pc.less(landed, pa.scalar(RELEASE))))
    dests = sorted(set(learn["dest"].to_pylist()))
    inputs, late = numbers(learn, names, dests), np.asarray(learn["late"].cast(pa.int8()))
    parts = [int(len(late) * share) for share in (0.7, 0.9)]
    model = XGBClassifier(n_estimators=120, max_depth=4, min_child_weight=20, subsample=0.8, colsample_bytree=0.5,
                          learning_rate=0.1, n_jobs=2, seed=0)  # fmt: skip
    model.fit(inputs[: parts[0]], late[: parts[0]])
    held = answers(learn.slice(parts[0]), model.predict_proba(inputs[parts[0] :])[:, 1])
    live = rows.filter(pc.greater_equal(at, pa.scalar(RELEASE)))
    asked = answers(live, model.predict_proba(numbers(live, names, dests))[:, 1])
    for name in names:
        asked = asked.append_column(name, live[name])
    truth = answers(learn, np.zeros(learn.num_rows))
    return Reference.of(learn, names, time="scheduled_at", answers=held, truth=truth, task="binary"), asked


def answers(rows: pa.Table, scores: np.ndarray) -> pa.Table:
    """Rows with scores in the columns of a live window."""
    outcome = rows["late"].cast(pa.int8()).cast(pa.float64())
    return pa.table(
        {
            "at": rows["scheduled_at"].cast(pa.timestamp("us", "UTC")),
            "score": scores.astype(np.float64),
            "predicted": np.where(scores > 0.5, "True", "False"),
            "label": rows["late"].cast(pa.string()),
            "outcome": outcome,
            "latency": np.full(rows.num_rows, 0.001),
        }
    )


def judged(loop: Loop, reference: Reference, live: pa.Table, monitors: list[Monitor]) -> dict[str, list[Any]]:
    """For each monitor its windows' ends, verdicts and seconds."""
    found: dict[str, list[Any]] = {}
    look = Tables(live, released=RELEASE)
    for monitor in monitors:
        lag = loop.label.settles if monitor.needs_labels else timedelta(0)
        spans = closed_windows(
            now=YEAR_END, first=RELEASE, judged=None, over=monitor.length, every=monitor.step, lag=lag
        )
        for begin, end in spans:
            window = LiveWindow(begin, end, loop.watched, look, reference, 1, end)
            _ = window.predictions, window.features
            began = time.perf_counter()
            verdict = monitor.run(window)
            found.setdefault(monitor.name, []).append((end, verdict, time.perf_counter() - began))
    return found


def alarms(windows: list[Any]) -> list[datetime]:
    """When each run of failing windows began."""
    failing = [verdict.status == "failed" for _, verdict, _ in windows]
    return [windows[i][0] for i, bad in enumerate(failing) if bad and not (i and failing[i - 1])]


def on_traffic() -> list[Monitor]:
    """The standard monitors that look at requests, answers and labels; the others look at clocks and packages."""
    others = (Dependencies, FeatureJobs, Latency, Skew, Stale, StaleStage)
    return [m for m in standard_monitors("binary") if isinstance(m, Monitor) and not isinstance(m, others)]


def main() -> None:
    """Run the real year and the permuted ones; print and keep the figures."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--seeds", type=int, default=10)
    asked.add_argument("--folder", type=Path)
    asked.add_argument("--json", type=Path)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        report = measure(folder, range(1, given.seeds + 1))
    print_report(report)
    if given.json:
        given.json.write_text(json.dumps(report, indent=1))


def measure(folder: Path, seeds: range) -> dict[str, Any]:
    """False alarms of each monitor and year, and the delays of the real year in days."""
    loop: Loop = load(EXAMPLE / "loop.py", "flights_loop").late
    names = [name for view in loop.views for name in view.columns] + list(loop.columns)
    report: dict[str, Any] = {"false_alarms": {}, "delay_days": {}, "failing_share": {}, "milliseconds": {}}
    for seed in (None, *seeds):
        reference, live = released(joined(folder, seed, loop), names)
        for name, windows in judged(loop, reference, live, on_traffic()).items():
            starts = alarms(windows)
            if seed is None:
                report["delay_days"][name] = (starts[0] - RELEASE).days if starts else None
                report["failing_share"][name] = np.mean([v.status == "failed" for _, v, _ in windows])
                report["milliseconds"][name] = 1000 * statistics.median(seconds for *_, seconds in windows)
            else:
                report["false_alarms"].setdefault(name, []).append(len(starts))
                for start in starts:
                    why = next(v.summary for end, v, _ in windows if end == start)
                    print(f"  seed {seed}: {name} on {start:%d %B}: {why}", flush=True)
    return report


def print_report(report: dict[str, Any]) -> None:
    """The figures as a table."""
    scale = 365 / (YEAR_END - RELEASE).days
    total = 0.0
    for name, delay in report["delay_days"].items():
        false = scale * float(np.mean(report["false_alarms"].get(name, [0])))
        total += false
        late = "never" if delay is None else f"{delay} days"
        share, took = report["failing_share"][name], report["milliseconds"][name]
        print(f"{name:42} {false:5.2f} a year; real year: first after {late}, {share:4.0%} fail; {took:.1f} ms")
    print(f"{'all together':42} {total:5.2f} false alarms a year")


if __name__ == "__main__":
    main()
