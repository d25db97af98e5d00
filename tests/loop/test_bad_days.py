"""Bad input and bad days: whatever goes wrong, the champion stays, the reason is on record, and nothing is doubled."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from treadle.clock import ReplayClock
from treadle.monitoring import LabelEntry
from treadle.operations import Controller, Lease, Limits
from treadle.retraining import Request
from treadle.testing.tiny import BEGIN, tiny_project, write_loop, write_rows
from treadle.workspace import Workspace

GUARD = "gates=[td.checks.AtLeast('roc_auc', 0.7)],"


class Project:
    """A tiny project with a champion, and a controller for it in this process."""

    def __init__(self, root: Path, *, rows: int = 400, **how: str) -> None:
        self.root = root if root.exists() else tiny_project(root, rows=rows, more=how.pop("more", GUARD), **how)
        self.clock = ReplayClock(datetime(2014, 1, 1, tzinfo=UTC))
        self.workspace = Workspace.open(self.root, clock=self.clock)
        self.limits = Limits(deadline=60.0)
        self._controller: Controller | None = None

    @property
    def controller(self) -> Controller:
        if self._controller is None:
            lease = Lease(self.workspace.database, project="tiny", clock=self.clock, seconds=1.0)
            self._controller = Controller(self.workspace, self.root / "loop.py", lease=lease, limits=self.limits)
        return self._controller

    def turn(self, reason: str = "by hand", seconds: float = 60.0) -> Request:
        """Ask for a turn and let the controller bring it to its end."""
        request = self.workspace.retraining.ask("tiny", reason=reason, by="test")
        self.tick_until_idle(seconds)
        return self.workspace.retraining.get(request.id)

    def tick_until_idle(self, seconds: float = 60.0) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.controller.tick()
            if not self.controller.turning and not self.workspace.retraining.next("tiny"):
                return
            time.sleep(0.02)
        raise AssertionError("the turn does not end")

    def restart(self) -> None:
        self.close()
        self._controller = None
        self.workspace = Workspace.open(self.root, clock=self.clock)

    def expect_champion(self, number: int) -> None:
        """The champion, and with it what is served; and the book is whole."""
        assert self.workspace.registry.get("tiny", "champion").number == number
        assert self.workspace.endpoints.get("tiny").version == number
        assert self.workspace.ledger.verify().ok
        ids = [version.number for version in self.workspace.registry.versions("tiny")]
        assert max(Counter(ids).values()) == 1

    def alerts(self) -> list[str]:
        return sorted(alert.key for alert in self.workspace.alerts.list() if alert.live)

    def close(self) -> None:
        if self._controller is not None:
            self._controller.close()
        self.workspace.close()


@pytest.fixture(scope="module")
def champion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose first turn made a champion: every test gets a copy."""
    made = Project(tmp_path_factory.mktemp("first") / "tiny")
    assert made.turn("first").outcome == "promoted"
    made.expect_champion(1)
    assert made.controller.wait_for_proofs(60.0)
    made.close()
    return made.root


@pytest.fixture
def project(champion: Path, tmp_path: Path) -> Iterator[Project]:
    root = tmp_path / "tiny"
    shutil.copytree(champion, root)
    manifest = root / ".treadle" / "endpoints" / "tiny.json"
    manifest.write_text(manifest.read_text().replace(str(champion), str(root)))
    made = Project(root)
    made.expect_champion(1)
    yield made
    made.close()


def test_a_trainer_that_fails(project: Project) -> None:
    write_loop(
        project.root, train="broken", more=GUARD, code="def broken(X, y, params):\n    raise ValueError('no luck')"
    )
    request = project.turn()
    assert (request.state, "no luck" in request.why) == ("failed", True), request
    project.expect_champion(1)
    assert project.alerts() == ["turn/tiny"]
    write_loop(project.root, more=GUARD)
    assert project.turn("mended").state == "succeeded"
    assert "turn/tiny" not in project.alerts()


def test_a_trainer_that_takes_its_process_along(project: Project) -> None:
    write_loop(
        project.root, train="dies", more=GUARD, code="import os\ndef dies(X, y, params):\n    os.kill(os.getpid(), 9)"
    )
    request = project.turn()
    assert request.state == "failed"
    assert "SIGKILL" in request.why
    assert "'train'" in request.why
    project.expect_champion(1)


def test_a_trainer_that_hangs_is_ended_at_its_deadline_with_all_it_started(project: Project) -> None:
    code = """
import subprocess, time
def hangs(X, y, params):
    child = subprocess.Popen(["sleep", "1000.2013"])
    time.sleep(1000)
"""
    write_loop(project.root, train="hangs", more=GUARD, code=code)
    project.limits = Limits(deadline=8.0)
    project.restart()
    request = project.turn()
    assert request.state == "timed out"
    assert "longer than 8 s" in request.why
    project.expect_champion(1)
    assert subprocess.run(["pgrep", "-f", "sleep 1000.2013"], capture_output=True).stdout == b""


def test_a_turn_that_is_called_off_is_stopped_where_it_is(project: Project) -> None:
    code = "import time\ndef hangs(X, y, params):\n    time.sleep(1000.2014)"
    write_loop(project.root, train="hangs", more=GUARD, code=code)
    request = project.workspace.retraining.ask("tiny", reason="try", by="test")
    until = time.monotonic() + 60
    while project.controller.turning.get("tiny") != "train":
        project.controller.tick()
        time.sleep(0.05)
        assert time.monotonic() < until
    project.workspace.retraining.cancel(request.id, by="ada", why="The data is being mended.")
    done: list[str] = []
    while project.controller.turning:
        done += project.controller.tick().done
        time.sleep(0.05)
        assert time.monotonic() < until
    assert "tiny was stopped: its request was cancelled" in done
    assert project.workspace.retraining.get(request.id).why == "The data is being mended."
    assert not any("turns" in line for line in project.controller.tick().done)
    project.expect_champion(1)


def test_a_trainer_that_exits(project: Project) -> None:
    write_loop(project.root, train="leaves", more=GUARD, code="import sys\ndef leaves(X, y, params):\n    sys.exit(3)")
    assert project.turn().state == "failed"
    project.expect_champion(1)


def test_a_worse_model_is_refused(project: Project) -> None:
    code = "from sklearn.dummy import DummyClassifier"
    write_loop(project.root, train="DummyClassifier(strategy='stratified', random_state=0)", more=GUARD, code=code)
    request = project.turn()
    assert request.state == "refused"
    assert "roc_auc" in request.why
    assert request.version == 2
    project.expect_champion(1)
    assert project.workspace.registry.get("tiny", 2).status == "refused"


def test_an_unfair_model_is_refused(tmp_path: Path) -> None:
    """It finds nearly everything late in one shop and nothing in the other: very accurate, and not to be served."""
    project = Project(tmp_path / "tiny", more="gates=[td.checks.Fair('shop', within=0.4, min_rows=30)],")
    try:
        first = project.turn("first")
        assert first.outcome == "promoted", first
        write_rows(project.root, 2, 800, begin=BEGIN + timedelta(hours=400), apart=3.0)
        request = project.turn("new rows")
        assert request.state == "refused", request
        assert "north and south are" in request.why
        project.expect_champion(1)
    finally:
        project.close()


def test_poisoned_labels_in_the_window(project: Project) -> None:
    write_rows(project.root, 2, 800, begin=BEGIN + timedelta(hours=400), turned=0.5)
    request = project.turn("new rows")
    assert request.state == "refused", request
    assert "roc_auc" in request.why
    project.expect_champion(1)


def test_labels_for_ids_nobody_knows(project: Project) -> None:
    received = project.workspace.feedback.label("tiny", [LabelEntry("nobody", True), LabelEntry("no one", False)])
    assert (received.unknown, received.accepted) == (2, 2)
    tick = project.controller.tick()
    assert tick.failures == {}
    project.expect_champion(1)


def test_two_triggers_at_once_make_one_turn(project: Project) -> None:
    write_loop(
        project.root, more=GUARD + "\n    retrain=[td.triggers.Cron('0 3 * * *'), td.triggers.OnNewData(rows=100)],"
    )
    write_rows(project.root, 2, 300, begin=BEGIN + timedelta(hours=400))
    project.clock.advance(timedelta(days=2))
    project.tick_until_idle()
    project.controller.tick()
    ran = [request for request in project.workspace.retraining.list("tiny", all=True) if request.ran]
    assert [request.state for request in ran if not request.by_hand] == ["succeeded"], ran
    assert len(project.workspace.registry.versions("tiny")) == 2


def test_a_clock_that_is_set_back_and_forth(project: Project) -> None:
    project.clock.advance(timedelta(days=-300))
    assert project.controller.tick().failures == {}
    request = project.turn("in the past")
    assert request.state in ("succeeded", "refused", "failed")
    project.expect_champion(project.workspace.registry.get("tiny", "champion").number)
    project.clock.advance(timedelta(days=4_000))
    assert project.controller.tick().failures == {}
    project.clock.move_to(datetime(2014, 1, 1, tzinfo=UTC))
    assert project.controller.tick().held
    assert project.turn("again").state in ("succeeded", "refused")


def test_a_loop_file_that_breaks_is_told_and_the_last_one_goes_on(project: Project) -> None:
    project.controller.tick()
    before = (project.root / "loop.py").read_text()
    (project.root / "loop.py").write_text("import treadle as td\nthis is no Python\n")
    tick = project.controller.tick()
    assert "loop.py:2" in tick.failures["load loops"]
    assert [loop.name for loop in project.controller.loops] == ["tiny"]
    assert "controller/load loops" in project.alerts()
    time.sleep(0.6)
    assert "loop.py:2" in project.controller.tick().failures["load loops"]  # it is broken until it is mended
    assert "controller/load loops" in project.alerts()
    (project.root / "loop.py").write_text(before + "\n# mended\n")
    time.sleep(1.1)  # what fails is tried again after half a second of operations time, then a whole one
    assert project.controller.tick().failures == {}
    assert "controller/load loops" not in project.alerts()


def test_one_corrupt_prediction_log_stops_no_other_work(project: Project) -> None:
    project.workspace.endpoints.deploy("other", 1, project.workspace.registry.get("tiny", 1).digest)
    folder = project.workspace.endpoints.log_folder("other")
    folder.mkdir(parents=True)
    (folder / "0-00000001.log").write_bytes(b"this is no prediction log, whoever wrote it here" * 10)
    tick = project.controller.tick()
    assert list(tick.failures) == ["collect other"]
    assert project.turn("meanwhile").state == "succeeded"
    assert project.alerts() == ["controller/collect other"]


def test_a_damaged_endpoint_file_is_written_anew(project: Project) -> None:
    file = project.root / ".treadle" / "endpoints" / "tiny.json"
    file.write_bytes(b"{ half a mani")
    tick = project.controller.tick()
    assert any("serves tiny@1 again" in line for line in tick.done), tick
    project.expect_champion(1)
    file.unlink()
    project.controller.tick()
    project.expect_champion(1)


def test_a_restart_in_the_middle_of_a_turn(project: Project) -> None:
    write_rows(project.root, 2, 200, begin=BEGIN + timedelta(hours=400))
    request = project.workspace.retraining.ask("tiny", reason="new rows", by="test")
    until = time.monotonic() + 60
    while project.controller.turning.get("tiny", "starting") in ("starting", "ingest"):
        project.controller.tick()
        time.sleep(0.02)
        assert time.monotonic() < until
    project.restart()
    assert project.workspace.retraining.get(request.id).state == "running"
    project.tick_until_idle()
    project.controller.tick()
    ended = project.workspace.retraining.get(request.id)
    assert ended.state == "succeeded", ended
    assert len(project.workspace.registry.versions("tiny")) == 2
    project.expect_champion(2)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a small disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("this user may not mount a disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk(disk: Path) -> None:
    project = Project(disk / "tiny")
    try:
        assert project.turn("first").outcome == "promoted"
        write_rows(project.root, 2, 200, begin=BEGIN + timedelta(hours=400))
        request = project.workspace.retraining.ask("tiny", reason="new rows", by="test")
        filled = disk / "filled"
        with open(filled, "wb", buffering=0) as file, suppress(OSError):  # unbuffered: closing writes nothing more
            while True:
                file.write(b"0" * 65_536)
        until = time.monotonic() + 20
        while time.monotonic() < until and project.workspace.retraining.get(request.id).open:
            project.controller.tick()  # never raises
            time.sleep(0.05)
        project.expect_champion(1)
        filled.unlink()
        project.tick_until_idle()
        until = time.monotonic() + 30
        while project.workspace.retraining.get(request.id).open:
            project.controller.tick()
            time.sleep(0.05)
            assert time.monotonic() < until
        if project.workspace.retraining.get(request.id).state == "failed":  # it met the full disk: its reason says so
            assert "disk" in project.workspace.retraining.get(request.id).why.lower()
            assert project.turn("again").state == "succeeded"
        project.expect_champion(2)
        assert len(project.workspace.registry.versions("tiny")) == 2
        until = time.monotonic() + 60
        while project.controller.failures and time.monotonic() < until:  # checks that met the full disk are asked again
            project.controller.wait_for_proofs(60.0)
            time.sleep(0.1)
        assert project.controller.tick().failures == {}
    finally:
        project.close()
