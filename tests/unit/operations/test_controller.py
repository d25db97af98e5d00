"""A tick: who acts, what is told, what fails alone, and that nothing happens when nothing is due."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from treadle.errors import TreadleError
from treadle.evidence import Subject, Verdict
from treadle.operations import Controller, Lease, standing_of
from treadle.operations.failing import Failing
from treadle.operations.loops import Loops
from treadle.operations.phases import Job
from treadle.testing import FakeClock
from treadle.testing.constant import constant_package
from treadle.testing.tiny import tiny_project, write_loop
from treadle.workspace import Workspace

LIVE = Subject("endpoint", "m")
Make = Callable[..., Controller]


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.open(tmp_path, clock=FakeClock()) as opened:
        opened.database.read("SELECT 1")
        yield opened


@pytest.fixture
def make(workspace: Workspace) -> Iterator[Make]:
    made: list[Controller] = []

    def make(holder: str = "a", loops: object = ()) -> Controller:
        lease = Lease(workspace.database, project=workspace.project, clock=workspace.clock, holder=holder)
        made.append(Controller(workspace, loops, lease=lease))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        each.close()


def rows(workspace: Workspace) -> dict[str, list[str]]:
    names = workspace.database.read("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {n["name"]: [repr(row) for row in workspace.database.read(f"SELECT * FROM {n['name']}")] for n in names}


def promoted(workspace: Workspace) -> None:
    package = constant_package(workspace.artifacts, 1.0)
    workspace.registry.create_version(
        "m",
        package,
        gates=["g"],
        judge=lambda v: workspace.ledger.record("g", "candidate", v.subject, Verdict("passed")),
    )
    workspace.registry.promote("m", 1, why="good", principal="test")


def test_one_acts_and_the_other_waits(make: Make) -> None:
    first, second = make("a"), make("b")
    assert first.tick().epoch == 1
    assert not second.tick().held
    first.close()
    assert second.tick().epoch == 2
    assert not first.tick().held


def test_a_lease_is_not_acted_on_before_the_last_holder_is_shut_out_of_the_endpoints(
    make: Make, workspace: Workspace
) -> None:
    promoted(workspace)
    epoch = workspace.config.state / "endpoints" / ".epoch"
    obstacle = epoch.with_name(f"..epoch.{os.getpid()}.half")
    obstacle.mkdir(parents=True)  # the file cannot be written, as on a full disk
    workspace.endpoints.deploy("m", 7, constant_package(workspace.artifacts, 2.0))
    controller = make()
    for _ in range(2):
        tick = controller.tick()
        assert not tick.held
        assert ".epoch" in tick.failures["tick"]
    assert workspace.endpoints.get("m").version == 7  # nothing was repaired meanwhile
    obstacle.rmdir()
    tick = controller.tick()
    assert (tick.epoch, tick.failures) == (3, {})
    served = workspace.endpoints.get("m")
    assert (epoch.read_text(), served.epoch, served.version) == ("3", 3, 1)


def test_a_tick_without_news_writes_nothing(make: Make, workspace: Workspace) -> None:
    promoted(workspace)
    controller = make()
    controller.tick()
    before = rows(workspace)
    for _ in range(5):
        tick = controller.tick()
        assert (tick.done, tick.failures) == ((), {})
    assert rows(workspace) == before


def test_live_evidence_is_told_once_whoever_recorded_it(make: Make, workspace: Workspace) -> None:
    workspace.ledger.record("before", "live", LIVE, Verdict("failed"))
    controller = make()
    controller.tick()
    workspace.ledger.record("drift", "live", LIVE, Verdict("failed"))
    workspace.ledger.record("gate", "candidate", LIVE, Verdict("failed"))
    controller.tick()
    controller.tick()
    assert [alert.check for alert in workspace.alerts.list()] == ["drift"]
    assert workspace.alerts.list()[0].times == 1
    workspace.ledger.record("drift", "live", LIVE, Verdict("passed"))
    controller.tick()
    assert [alert for alert in workspace.alerts.list() if alert.live and alert.state == "open"] == []


def test_what_the_last_controller_did_not_tell_the_next_one_tells(make: Make, workspace: Workspace) -> None:
    first = make("a")
    first.tick()
    first.close()
    for number in range(450):
        workspace.ledger.record(f"check {number}", "live", LIVE, Verdict("failed" if number in (0, 449) else "passed"))
    make("b").tick()
    assert sorted(alert.check for alert in workspace.alerts.list()) == ["check 0", "check 449"]


class Breaking:
    """A phase with three jobs, of which one can break."""

    name = "try"
    whole = True

    def __init__(self) -> None:
        self.broken = True
        self.subjects = ("a", "b", "c")
        self.ran: list[str] = []

    def jobs(self, now: datetime) -> Iterator[Job]:
        for subject in self.subjects:
            yield Job(subject, lambda subject=subject: self._run(subject))

    def _run(self, subject: str) -> Iterable[str]:
        self.ran.append(subject)
        if subject == "b" and self.broken:
            raise ZeroDivisionError("by zero")
        return [subject]


def test_a_job_that_fails_stops_no_other_and_is_tried_again_later(make: Make, workspace: Workspace) -> None:
    controller, phase = make(), Breaking()
    controller._phases = (phase,)
    tick = controller.tick()
    assert tick.done[-2:] == ("a", "c")
    assert tick.failures == {"try b": "ZeroDivisionError: by zero"}
    assert [alert.key for alert in workspace.alerts.list()] == ["controller/try b"]
    phase.ran.clear()
    controller.tick()
    assert phase.ran == ["a", "c"]
    clock = workspace.clock
    clock.sleep(1.0)
    controller.tick()
    assert phase.ran.count("b") == 1
    phase.broken = False
    clock.sleep(60.0)
    assert controller.tick().failures == {}
    assert [alert.key for alert in workspace.alerts.list() if alert.state == "open"] == []


def test_what_fails_is_handed_on(make: Make, workspace: Workspace) -> None:
    first = make("a")
    first._phases = (Breaking(),)
    first.tick()
    first.close()
    second = make("b")
    mended = Breaking()
    mended.broken = False
    second._phases = (mended,)
    assert second.tick().failures == {}
    assert Failing(workspace, second.memory, workspace.clock).words == {}


def test_what_fails_about_a_subject_that_went_away_is_over(make: Make, workspace: Workspace) -> None:
    controller, phase = make(), Breaking()
    controller._phases = (phase,)
    assert list(controller.tick().failures) == ["try b"]
    phase.subjects = ("a",)
    assert controller.tick().failures == {}
    assert [alert.key for alert in workspace.alerts.list() if alert.state == "open"] == []


def test_an_endpoint_that_serves_something_else_is_brought_back(make: Make, workspace: Workspace) -> None:
    promoted(workspace)
    controller = make()
    controller.tick()
    workspace.endpoints.deploy("m", 7, constant_package(workspace.artifacts, 2.0))
    assert "endpoint m serves m@1 again" in controller.tick().done
    assert (workspace.endpoints.get("m").version, workspace.endpoints.get("m").epoch) == (1, 1)


def test_how_things_stand(make: Make, workspace: Workspace) -> None:
    def standing() -> tuple[str, int]:
        found = standing_of(workspace.database, project=workspace.project, clock=workspace.clock)
        return found.state, found.epoch

    assert standing() == ("none", 0)
    controller = make("elsewhere/1/00")
    controller.tick()
    assert standing() == ("acting", 1)
    assert "epoch 1" in str(workspace.standing)
    workspace.clock.sleep(60.0)
    assert standing() == ("silent", 1)
    controller.tick()
    assert standing() == ("acting", 1)
    controller.close()
    assert standing() == ("stopped", 1)


def test_loops_are_read_again_with_the_modules_they_import(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "tiny", rows=10)
    (root / "beside_tiny.py").write_text("STRENGTH = 1.0\n")
    write_loop(root, train="LogisticRegression(C=STRENGTH)", code="from beside_tiny import STRENGTH")
    loops = Loops(root / "loop.py")
    assert loops.refresh()
    assert not loops.refresh()
    (root / "beside_tiny.py").write_text("STRENGTH = 2.5\n")
    assert loops.refresh()
    (loop,) = loops
    assert "2.5" in repr(loop.candidates[0])
    (root / "beside_tiny.py").write_text("STRENGTH = \n")
    for _ in range(2):  # what is wrong stays wrong until somebody mends it
        with pytest.raises(TreadleError, match="beside_tiny"):
            loops.refresh()
        assert list(loops) == [loop]
    (root / "beside_tiny.py").write_text("STRENGTH = 3.5\n")
    assert loops.refresh()
    (root / "loop.py").unlink()
    loops.refresh()
    assert list(loops) == []


def test_a_look_that_failed_ends_nothing(make: Make, workspace: Workspace) -> None:
    class Unseeing(Breaking):
        def jobs(self, now: datetime) -> Iterator[Job]:
            raise OSError("the database is locked")

    controller, phase = make(), Breaking()
    controller._phases = (phase,)
    controller.tick()
    controller._phases = (Unseeing(),)
    for _ in range(2):  # it fails, then it rests
        assert set(controller.tick().failures) == {"try", "try b"}
    assert workspace.alerts.get("controller/try b").state == "open"


class Picky:
    """A phase that names only what is due: once each of its subjects, which fails, and then nothing."""

    def __init__(self, name: str, *subjects: str) -> None:
        self.name = name
        self.due = list(subjects)

    def jobs(self, now: datetime) -> Iterator[Job]:
        while self.due:
            yield Job(self.due.pop(), self._fail)

    def _fail(self) -> Iterable[str]:
        raise ZeroDivisionError("by zero")


LASTING = [
    ("turn", ["lost turns", "kept"]),
    ("prove", ["expired evidence", "kept", "rollback of kept"]),
    ("expire", ["requests for turns", "units of rollouts"]),
]


@pytest.mark.parametrize(("name", "lasting"), LASTING)
def test_what_is_only_not_due_goes_on_failing_and_what_is_gone_does_not(
    make: Make, workspace: Workspace, name: str, lasting: list[str]
) -> None:
    controller = make(loops=[SimpleNamespace(name="kept")])
    controller._phases = (Picky(name, "gone", *lasting),)
    assert len(controller.tick().failures) == len(lasting) + 1
    assert set(controller.tick().failures) == {f"{name} {subject}" for subject in lasting}
    gone = workspace.alerts.get(f"controller/{name} gone")
    assert (gone.state, gone.resolved_why) == ("resolved", "There is nothing to do about it any more.")


def test_the_standing_jobs_are_those_the_phases_name(make: Make, workspace: Workspace) -> None:
    controller = make()
    named = {phase.name: {job.subject for job in phase.jobs(workspace.clock.now())} for phase in controller._phases}
    for name, lasting in LASTING:
        assert named[name] == {each for each in lasting if "kept" not in each}


def test_a_collected_endpoint_can_still_fail_to_expire(make: Make, workspace: Workspace) -> None:
    controller = make()
    workspace.observations.endpoints = lambda: ["m"]  # type: ignore[method-assign]
    controller._phases = (Picky("expire", "m"),)
    for _ in range(2):
        assert list(controller.tick().failures) == ["expire m"]


def test_loops_that_cannot_be_read_are_not_gone(make: Make, workspace: Workspace, tmp_path: Path) -> None:
    first = make("a", [SimpleNamespace(name="kept")])
    first._phases = (Picky("turn", "kept"),)
    first.tick()
    first.close()
    file = tmp_path / "loop.py"
    file.write_text("no python at all")
    second = make("b", file)
    second._phases = (Picky("turn"),)
    assert set(second.tick().failures) == {"load loops", "turn kept"}
    file.unlink()
    workspace.clock.sleep(60.0)
    assert second.tick().failures == {}
