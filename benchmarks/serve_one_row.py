"""Answering one row over HTTP with the prediction log on, beside bare uvicorn and ONNX Runtime, alternated in one run.

    python benchmarks/serve_one_row.py [--repeats 7] [--seconds 5] [--json FILE]

The model is a gradient boosting of 100 trees over 20 numbers. *Bare* parses, runs the model and answers, in uvicorn with uvloop
and httptools: no names, no checks, no log. *infer* is a worker asked by Open Inference, *invocations* the same worker asked as
MLflow is; every answer is in the prediction log before it leaves. The client is `wrk` (one thread, 16 connections) where it is
installed, else a small client of this file, which is slower than the servers: then only the processor time means anything.

Measured by others on the same kind of machine, requests per second: MLflow 1,094, BentoML 514 (879 batching), MLServer 1,042,
pytriton 2,253, bare 24,500.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

GOAL = 0.75  # of bare, in requests per second
RSS_GOAL = 150  # MB
ROW = [round(0.1 * i - 1.0, 3) for i in range(20)]
SCORING = json.dumps({"inputs": [ROW]})
INFER = json.dumps({"inputs": [{"name": "x", "shape": [1, 20], "datatype": "FP32", "data": ROW}]})
LUA = """
wrk.method = 'POST'
wrk.headers['Content-Type'] = 'application/json'
wrk.body = [==[%s]==]
done = function(s, l, r)
  local failed = s.errors.status + s.errors.connect + s.errors.read + s.errors.write + s.errors.timeout
  io.write(string.format("RESULT %%d %%d %%d %%d %%d\\n", s.requests, s.duration, l:percentile(50), l:percentile(99), failed))
end
"""


@dataclass
class Way:
    """One way to ask: a server, a path and a body, and what was measured."""

    name: str
    process: subprocess.Popen[bytes]
    url: str
    body: str
    rps: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)  # microseconds per request
    p50: list[float] = field(default_factory=list)  # milliseconds
    p99: list[float] = field(default_factory=list)
    failed: int = 0


def main() -> None:
    """Alternate the ways and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ways = start(Path(folder))
        try:
            for way in ways:
                ask(way, 2, arguments.connections, Path(folder))
                for figures in (way.rps, way.cpu, way.p50, way.p99):
                    figures.clear()
            for _ in range(arguments.repeats):
                for way in ways:
                    ask(way, arguments.seconds, arguments.connections, Path(folder))
            report(ways, arguments.json)
        finally:
            for process in {way.process for way in ways}:
                process.terminate()
                process.wait()


def start(folder: Path) -> list[Way]:
    """Train and deploy the model; a bare server and a worker that serve it."""
    state = folder / "state"
    model = deploy(state)
    bare, worker = free_port(), free_port()
    here = Path(__file__).parent
    settings = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    limit = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "_bare_serving:app", "--port", str(bare), *settings],
        cwd=here,
        env={**os.environ, "MODEL": str(model)},
    )
    command = [sys.executable, "-m", "treadle.server.oip.worker", "--state", str(state), "--port", str(worker)]
    ours = subprocess.Popen(command)
    for port, process in ((bare, limit), (worker, ours)):
        wait_for(port, process)
    return [
        Way("bare", limit, f"http://127.0.0.1:{bare}/", SCORING),
        Way("infer", ours, f"http://127.0.0.1:{worker}/v2/models/clf/infer", INFER),
        Way("invocations", ours, f"http://127.0.0.1:{worker}/invocations", SCORING),
    ]


def deploy(state: Path) -> Path:
    """Package and deploy a gradient boosting; the path of its ONNX file."""
    import numpy as np
    import pyarrow as pa
    from sklearn.ensemble import GradientBoostingClassifier

    from treadle.artifacts import ArtifactStore
    from treadle.models import Packager, Signature
    from treadle.serving import Endpoints

    rng = np.random.default_rng(7)
    x = rng.normal(size=(5000, 20)).astype(np.float32)
    y = (x[:, 0] * x[:, 1] + x[:, 2] - x[:, 3] ** 2 + rng.normal(size=5000) > 0).astype(int)
    model = GradientBoostingClassifier(n_estimators=100, max_depth=3, random_state=0).fit(x, y)
    names = [f"x{i}" for i in range(20)]
    rows = pa.table({**{name: x[:, i] for i, name in enumerate(names)}, "y": y})
    store = ArtifactStore(state / "artifacts")
    package = Packager(store).package(model, Signature.of(rows, names, task="binary", label="y"), rows)
    Endpoints(state).deploy("clf", 1, package)
    return store.path(package.files["model"])


def ask(way: Way, seconds: int, connections: int, folder: Path) -> None:
    """Put load on one way for some seconds and note what it did."""
    before = processor_seconds(way.process.pid)
    if shutil.which("wrk"):
        script = folder / f"{way.name}.lua"
        script.write_text(LUA % way.body)
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(script), way.url]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", said)
        assert found, said
        count, took, p50, p99, failed = (int(text) for text in found.groups())
    else:
        count, took, p50, p99, failed = asyncio.run(small_client(way, seconds, connections))
    way.rps.append(count / (took / 1e6))
    way.cpu.append((processor_seconds(way.process.pid) - before) / count * 1e6)
    way.p50.append(p50 / 1e3)
    way.p99.append(p99 / 1e3)
    way.failed += failed


async def small_client(way: Way, seconds: int, connections: int) -> tuple[int, int, int, int, int]:
    """Requests, microseconds, two percentiles and failures; for machines without wrk."""
    host, _, rest = way.url.removeprefix("http://").partition("/")
    head = f"POST /{rest} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(way.body)}\r\n\r\n"
    question = (head + way.body).encode()
    times: list[int] = []
    failed = 0
    end = time.perf_counter() + seconds

    async def one() -> None:
        nonlocal failed
        name, _, port = host.partition(":")
        reader, writer = await asyncio.open_connection(name, int(port))
        while time.perf_counter() < end:
            began = time.perf_counter_ns()
            writer.write(question)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", answer)
            await (reader.readexactly(int(length.group(1))) if length else reader.readuntil(b"0\r\n\r\n"))
            times.append((time.perf_counter_ns() - began) // 1000)
            failed += not answer.startswith(b"HTTP/1.1 200")
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    times.sort()
    took = int((time.perf_counter() - began) * 1e6)
    return len(times), took, times[len(times) // 2], times[len(times) * 99 // 100], failed


def report(ways: list[Way], path: Path | None) -> None:
    """Print medians, ratios to bare and memory; keep the raw figures."""
    limit = ways[0]
    for way in ways:
        rps, cpu = statistics.median(way.rps), statistics.median(way.cpu)
        ratio = statistics.median(mine / its for mine, its in zip(way.rps, limit.rps, strict=True))
        goal = "" if way is limit else f"   {ratio:.2f} of bare, goal {GOAL}"
        print(
            f"{way.name:12} {rps:8,.0f} requests/s   {cpu:6.1f} µs processor each   p50 {statistics.median(way.p50):.2f} ms"
            f"   p99 {statistics.median(way.p99):.2f} ms   failed {way.failed}{goal}"
        )
    memory = {way.name: resident(way.process.pid) for way in ways[:2]}
    print(f"memory: bare {memory['bare']} MB, worker {memory['infer']} MB, goal {RSS_GOAL} MB")
    if path is not None:
        figures = {
            w.name: {"rps": w.rps, "cpu_us": w.cpu, "p50_ms": w.p50, "p99_ms": w.p99, "failed": w.failed} for w in ways
        }
        path.write_text(
            json.dumps({"ways": figures, "resident_mb": memory, "goal": GOAL, "load": os.getloadavg()}, indent=1)
        )


def processor_seconds(pid: int) -> float:
    """Processor time a process has used (all its threads)."""
    total = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        total += int((thread / "schedstat").read_text().split()[0])
    return total / 1e9


def resident(pid: int) -> int:
    """Resident memory in MB."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found.group(1)) // 1024 if found else 0


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until somebody listens there."""
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("a server did not start")


if __name__ == "__main__":
    main()
