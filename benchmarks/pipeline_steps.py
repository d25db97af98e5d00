"""Twenty trivial steps in a new process, beside a raw-SQLite runner that keeps as much, alternated in one run.

    python benchmarks/pipeline_steps.py [--repeats 7] [--json FILE]

Ten branches of two steps, run by a program that a person would write. *Cold* is a new process with no state at all: start of
Python, imports, migrations, every step recorded, its result kept as an artifact, its lineage written. *Changed* is the same with
state and a changed parameter, so every step runs again. *Cached* is a new process with every result reused. The reference is
a loop of our own over the standard library's sqlite3 that records each step's start and end (WAL, as durable as Treadle) and keeps
each result as a file named by its digest: it has no checks, no threads, no logs, no lineage, and knows no code but `co_code`.
The figures of other tools were measured on the same kind of machine, each in its best documented configuration.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

Figures = dict[str, dict[str, list[float]]]
PEERS = {
    "cold": {
        "Luigi": 0.138,
        "Kedro": 0.23,
        "Dagster": 1.54,
        "Metaflow": 3.9,
        "ZenML": 6.31,
        "Airflow": 7.6,
        "Prefect": 13.6,
    },
    "cached": {"Luigi": 0.121, "ZenML": 4.14, "Prefect": 7.11},
}
GOALS = {"cold": 0.3, "cached": 0.2}

TREADLE = """
import sys
import treadle as td

def a(i: int, shift: int) -> int:
    return i + shift

def b(x: int) -> int:
    return x + 1

steps = []
for i in range(10):
    steps.append(td.step(a).named(f"a{i}", values={"i": i}))
    steps.append(td.step(b).named(f"b{i}", inputs={"x": f"a{i}"}))

workspace = td.open(".")
execution = workspace.pipelines.run(td.Pipeline("twenty", steps), {"shift": int(sys.argv[1])})
print(sum(execution.output(f"b{i}") for i in range(10)), *sorted({step.status for step in execution.steps}))
"""

REFERENCE = """
import hashlib, os, pickle, sqlite3, sys, time

def a(i, shift):
    return i + shift

def b(x):
    return x + 1

os.makedirs("objects", exist_ok=True)
database = sqlite3.connect("state.db", isolation_level=None)
database.execute("PRAGMA journal_mode = WAL")
database.execute("PRAGMA synchronous = NORMAL")
database.execute("CREATE TABLE IF NOT EXISTS steps (run, name, key, status, at, output)")
database.execute("CREATE INDEX IF NOT EXISTS by_key ON steps (key)")
values, run, shift, seen = {}, time.time_ns(), int(sys.argv[1]), set()
for name, function in [(f"{kind}{i}", f) for kind, f in (("a", a), ("b", b)) for i in range(10)]:
    given = (int(name[1:]), shift) if function is a else (values["a" + name[1:]],)
    key = hashlib.sha256(function.__code__.co_code + pickle.dumps(given) + name.encode()).hexdigest()
    found = database.execute("SELECT output FROM steps WHERE key = ? AND status = 'succeeded'", (key,)).fetchone()
    if found:
        seen.add("cached")
        with open(f"objects/{found[0]}", "rb") as file:
            values[name] = pickle.load(file)
        continue
    seen.add("succeeded")
    database.execute("INSERT INTO steps VALUES (?, ?, ?, 'running', ?, NULL)", (run, name, key, time.time()))
    data = pickle.dumps(function(*given))
    digest = hashlib.sha256(data).hexdigest()
    with open(f"objects/{digest}.half", "wb") as file:
        file.write(data)
    os.replace(f"objects/{digest}.half", f"objects/{digest}")
    values[name] = pickle.loads(data)
    done = "UPDATE steps SET status = 'succeeded', output = ?, at = ? WHERE run = ? AND name = ?"
    database.execute(done, (digest, time.time(), run, name))
print(sum(values[f"b{i}"] for i in range(10)), *sorted(seen))
"""

EMPTY = "pass"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7, help="how often each program is run in each state")
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    chosen = parser.parse_args()
    programs = {"Treadle": TREADLE, "raw SQLite": REFERENCE, "empty program": EMPTY}
    seconds: Figures = {name: {} for name in programs}
    processor: Figures = {name: {} for name in programs}
    with tempfile.TemporaryDirectory() as scratch:
        for name, program in programs.items():  # once before counting: bytecode is compiled, files are in memory
            measure(Path(scratch) / f"warm {name}", program)
        for repeat in range(chosen.repeats):
            for name, program in programs.items():
                for work, (took, used) in measure(Path(scratch) / f"{repeat} {name}", program).items():
                    seconds[name].setdefault(work, []).append(took)
                    processor[name].setdefault(work, []).append(used)
    report = {
        "work": "20 trivial steps, 10 branches of 2, whole process",
        "medians": medians(seconds),
        "processor_medians": medians(processor),
        "goals": GOALS,
        "peers": PEERS,
        "seconds": seconds,
        "processor_seconds": processor,
        "python": sys.version.split()[0],
        "processors": os.cpu_count(),
        "load": os.getloadavg()[0],
    }
    if chosen.json:
        chosen.json.write_text(json.dumps(report, indent=2) + "\n")
    show(medians(seconds), medians(processor))


def measure(folder: Path, program: str) -> dict[str, tuple[float, float]]:
    """Seconds and processor seconds of the whole process: cold, with every step changed, with every step cached."""
    folder.mkdir()
    (folder / "flow.py").write_text(program)
    return {
        "cold": run(folder, 1, "65 succeeded"),
        "changed": run(folder, 2, "75 succeeded"),
        "cached": run(folder, 2, "75 cached"),
    }


def run(folder: Path, shift: int, expected: str) -> tuple[float, float]:
    """Run the program once; it must print what is right."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "flow.py", str(shift)]
    before, started = os.times(), time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    took, after = time.perf_counter() - started, os.times()
    if done.returncode or done.stdout.strip() not in ("", expected):
        sys.exit(f"{folder.name}: {done.stdout}{done.stderr}")
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return round(took, 4), round(used, 3)


def medians(of: Figures) -> dict[str, dict[str, float]]:
    """The median of each list."""
    return {
        name: {work: round(statistics.median(took), 4) for work, took in works.items()} for name, works in of.items()
    }


def show(took: dict[str, dict[str, float]], used: dict[str, dict[str, float]]) -> None:
    """One table."""
    works = ("cold", "changed", "cached")
    print(f"{'seconds, median':16}{'cold':>10}{'changed':>10}{'cached':>10}{'processor seconds':>24}")
    for name, of in took.items():
        print(f"{name:16}" + "".join(f"{of[w]:10.3f}" for w in works) + "".join(f"{used[name][w]:8.2f}" for w in works))
    print(f"{'goal':16}{GOALS['cold']:10.3f}{'':10}{GOALS['cached']:10.3f}")
    for name, cold in PEERS["cold"].items():
        cached = PEERS["cached"].get(name)
        print(f"{name:16}{cold:10.3f}{'':10}" + (f"{cached:10.3f}" if cached else f"{'–':>10}"))


if __name__ == "__main__":
    main()
