"""The worker program: loads only what it needs, and says in a sentence why it cannot start."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

HEAVY = (
    "sqlalchemy",
    "duckdb",
    "optuna",
    "pandas",
    "sklearn",
    "deltalake",
    "pyarrow",
    "fastapi",
    "onnx",
    "pydantic",
    "jinja2",
)

SERVING = """
import asyncio, json, sys
from pathlib import Path
import numpy as np
import treadle.server.oip.worker, uvicorn
from treadle.artifacts import ArtifactStore
from treadle.features import LookupPlan, OnlineReader, SqliteOnlineStore
from treadle.serving import DataPlane
import treadle.serving.served, treadle.models.session, treadle.models.wall
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_it_loads_only_what_it_needs() -> None:
    said = subprocess.run([sys.executable, "-c", SERVING], capture_output=True, text=True, check=True).stdout
    loaded = set(json.loads(said))
    assert {"msgspec", "numpy", "onnxruntime", "uvicorn"} <= loaded
    assert loaded.isdisjoint(HEAVY), loaded & set(HEAVY)


def worker(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "treadle.server.oip.worker", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = worker("--state", str(tmp_path), "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "in use by another program" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_address_of_another_machine_is_one_sentence(tmp_path: Path) -> None:
    done = worker("--state", str(tmp_path), "--host", "192.0.2.1", "--port", "0")
    assert done.returncode == 1
    assert "not an address of this machine" in done.stderr


def test_a_state_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    done = worker("--state", str(tmp_path / "state"), "--port", "0")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "cannot be" in done.stderr
