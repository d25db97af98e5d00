"""A controller that is stopped, loses its lease and wakes up: each of its writes is refused, one by one.

The same process without a rival writes everything, so that a refusal can be told from a mistake of this test.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from treadle.clock import SystemClock
from treadle.database import Database
from treadle.evidence import Verdict
from treadle.operations import Lease
from treadle.registry import ModelVersion
from treadle.testing import postgres_database, postgres_url
from treadle.testing.constant import constant_package
from treadle.workspace import Workspace

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows does not stop processes by signal")
SECONDS = 0.6

HOLDER = """
import json, sys
from treadle.errors import Fenced
from treadle.evidence import Subject, Verdict
from treadle.operations import Controller, Lease
from treadle.rollouts import Canary
from treadle.workspace import Workspace

workspace = Workspace.open(sys.argv[1])
lease = Lease(workspace.database, project=workspace.project, clock=workspace.clock, holder="first", seconds=0.6)
controller = Controller(workspace, [], lease=lease)
request = workspace.retraining.ask("m", reason="before", by="test")
alert = workspace.alerts.raise_("k", "before", subject=Subject("loop", "m"))
tick = controller.tick()
assert tick.epoch == 1 and not tick.failures, tick
packages = json.loads(sys.argv[2])
verdict = Verdict("passed", summary="woke up")
WRITES = {
    "evidence": lambda: workspace.ledger.record("c", "live", Subject("endpoint", "m"), verdict),
    "promotion": lambda: workspace.registry.promote("m", 2, why="woke up", principal="first"),
    "rollback": lambda: workspace.registry.rollback("m", why="woke up", principal="first"),
    "refusal": lambda: workspace.registry.refuse("m", 3, "woke up"),
    "version": lambda: workspace.registry.create_version("m", packages[0], trigger="woke up", execution="e"),
    "rollout": lambda: workspace.rollouts.start("m", 4, Canary(), by="first"),
    "rollout abort": lambda: workspace.rollouts.abort(workspace.rollouts.active("m").id, by="first", why="woke up")
    if workspace.rollouts.active("m")
    else workspace.rollouts.start("m", 4, Canary(), by="first"),
    "endpoint": lambda: workspace.endpoints.deploy("m", 9, packages[1]),
    "another endpoint": lambda: workspace.endpoints.deploy("other", 9, packages[1]),
    "endpoint removal": lambda: workspace.endpoints.remove("old"),
    "request": lambda: workspace.retraining.ask("n", reason="woke up", by="first"),
    "start of a turn": lambda: workspace.retraining.start(request.id),
    "end of a turn": lambda: workspace.retraining.finish(request.id, "promoted"),
    "alert": lambda: workspace.alerts.raise_("woke", "woke up", subject=Subject("loop", "m")),
    "end of an alert": lambda: workspace.alerts.resolve("k", "woke up"),
    "memory": lambda: controller.memory.put("told", 99),
    "lease": lambda: lease.keep(now=True),
}
print("held", flush=True)
sys.stdin.readline()
said = {}
with controller._acting():
    for name, write in WRITES.items():
        try:
            write()
            said[name] = "wrote"
        except Fenced:
            said[name] = "refused"
        except Exception as error:
            said[name] = repr(error)
tick = controller.tick()
print(json.dumps([said, tick.held]), flush=True)
"""


@pytest.mark.parametrize("taken_over", [True, False])
@pytest.mark.parametrize("dialect", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_each_write_of_a_holder_that_woke_up_too_late_is_refused(
    tmp_path: Path, dialect: str, taken_over: bool
) -> None:
    if dialect == "sqlite":
        _stop_and_wake(tmp_path, "", taken_over)
        return
    url = postgres_url()
    if url is None:
        pytest.skip("needs PostgreSQL (TREADLE_TEST_POSTGRES)")
    with postgres_database(url) as database:
        _stop_and_wake(tmp_path, database.url, taken_over)


def _stop_and_wake(root: Path, url: str, taken_over: bool) -> None:
    (root / "treadle.toml").write_text(f'[project]\nname = "p"\n[storage]\ndatabase = "{url}"\n')
    workspace = Workspace.open(root)
    packages = [constant_package(workspace.artifacts, float(n)) for n in range(5)]
    for package in packages[:4]:
        workspace.registry.create_version("m", package, gates=["g"], judge=lambda version: _passed(workspace, version))
    workspace.registry.promote("m", 1, why="first", principal="test")
    workspace.endpoints.deploy("old", 1, packages[0])
    first = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(root), json.dumps(packages)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert first.stdout is not None
    assert first.stdout.readline() == "held\n"
    first.send_signal(signal.SIGSTOP)
    if taken_over:
        _take_over(workspace)
    before = _all_rows(workspace.database), _files(root)
    first.send_signal(signal.SIGCONT)
    answer, _ = first.communicate("go\n", timeout=60)
    said, held = json.loads(answer)
    assert set(said.values()) == {"refused" if taken_over else "wrote"}, said
    assert len(said) == 17
    assert held is not taken_over
    assert ((_all_rows(workspace.database), _files(root)) == before) is taken_over
    workspace.close()


def _passed(workspace: Workspace, version: ModelVersion) -> None:
    workspace.ledger.record("g", "candidate", version.subject, Verdict("passed"))


def _take_over(workspace: Workspace) -> None:
    rival = Lease(workspace.database, project="p", clock=SystemClock(), holder="second", seconds=SECONDS)
    assert not rival.try_acquire()
    until = time.monotonic() + 30
    while not rival.try_acquire():
        assert time.monotonic() < until
        time.sleep(0.05)
    workspace.endpoints.take_over(rival.epoch)


def _all_rows(database: Database) -> dict[str, list[str]]:
    sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    if database.dialect == "postgresql":
        sql = "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = current_schema()"
    names = sorted(row["name"] for row in database.read(sql))
    return {name: sorted(map(repr, database.read(f"SELECT * FROM {name}"))) for name in names}


def _files(root: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted((root / ".treadle" / "endpoints").iterdir()) if p.suffix == ".json"}
