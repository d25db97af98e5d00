"""Project checks are asked in a process beside the tick: once each, whoever dies, and only by the holder of the lease."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from treadle.clock import ReplayClock, SystemClock, parse_moment
from treadle.evidence import Verdict
from treadle.loop import find_loops
from treadle.loop.proving import project_checks
from treadle.operations import Controller, Limits, ProofOrder
from treadle.operations.proofs import ProofProcess
from treadle.testing.constant import constant_package
from treadle.testing.tiny import tiny_project
from treadle.workspace import Workspace

NOW = parse_moment("2013-02-01")
DUE = ("feature_requirements", "privacy_controls")
OTHER = """
other = td.Loop("other", source=orders, label=loop.label, features=["x"], split=loop.split, train=[LogisticRegression()])
"""
Make = Callable[..., Controller]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are of POSIX systems")


def promote(workspace: Workspace, name: str) -> None:
    workspace.registry.create_version(
        name,
        constant_package(workspace.artifacts, 1.0),
        gates=["g"],
        judge=lambda v: workspace.ledger.record("g", "candidate", v.subject, Verdict("passed")),
    )
    workspace.registry.promote(name, 1, why="good", principal="test")


def answer(workspace: Workspace, *, but: tuple[str, ...] = DUE) -> None:
    """Every check of every loop has just said yes, but these."""
    for loop in find_loops(workspace.config.root / "loop.py"):
        with workspace.bench(loop) as bench:
            for check in project_checks():
                if check.name not in but:
                    subject = check.subject(bench)
                    workspace.ledger.record(check.name, check.stage, subject, Verdict("passed"), principal="treadle")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Workspace]:
    """A served loop of which two quick checks are due."""
    root = tiny_project(tmp_path / "tiny", rows=50)
    with Workspace.open(root, clock=ReplayClock(NOW)) as opened:
        promote(opened, "tiny")
        answer(opened)
        yield opened


@pytest.fixture
def make(project: Workspace) -> Iterator[Make]:
    made: list[Controller] = []

    def make(**limits: Any) -> Controller:
        made.append(Controller(project, project.config.root / "loop.py", limits=Limits(**limits)))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        each.close()


def pid_of(controller: Controller) -> int:
    running = controller._proving._running
    assert running is not None
    return running.process.pid


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def until(true: Callable[[], object], seconds: float = 60.0) -> None:
    limit = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.02)


def answers(project: Workspace) -> list[tuple[str, str]]:
    return sorted((each.check, each.principal) for check in DUE for each in project.ledger.find(check=check))


def test_what_is_due_is_asked_beside_the_tick(make: Make, project: Workspace) -> None:
    controller = make()
    tick = controller.tick()
    assert (list(controller.proving), tick.failures) == (["tiny"], {})
    assert (list(project.standing.proving), "tiny is asked" in str(project.standing)) == (["tiny"], True)
    assert not any(check in line for line in tick.done for check in DUE)
    project.clock.advance(timedelta(hours=6))  # type: ignore[attr-defined]
    done = controller.wait_for_proofs(60.0)
    assert [line.split(":")[0] for line in done] == [f"{check} of tiny" for check in DUE]
    assert controller.proving == {}
    found = [each for check in DUE for each in project.ledger.find(check=check)]
    assert {(each.principal, each.business_at) for each in found} == {("treadle", NOW)}
    assert len(found) == len(DUE)
    assert not (project.config.state / "proving").exists()


def test_nothing_due_starts_nothing(make: Make, project: Workspace) -> None:
    answer(project, but=())
    controller = make()
    assert (controller.tick().failures, controller.proving) == ({}, {})
    assert (controller.wait_for_proofs(60.0), controller.proving) == ((), {})


def test_what_came_to_nothing_rests_while_days_pass_in_a_moment(make: Make, project: Workspace) -> None:
    answer(project, but=("prediction_debugged",))
    (before,) = project.ledger.find(check="prediction_debugged")
    nothing = Verdict.skipped("There are no predictions yet.")
    project.ledger.record(before.check, before.stage, before.subject, nothing, principal="treadle")
    project.clock.advance(timedelta(days=1))  # type: ignore[attr-defined]
    controller = make()
    assert controller.tick().held
    assert controller.proving
    done = list[str]()
    until(lambda: done.extend(controller.tick().done) or not controller.proving)
    assert [line for line in done if " of tiny" in line] == ["prediction_debugged of tiny: skipped"]
    controller._proving._rest_until = controller._clock.monotonic() + 60.0
    project.clock.advance(timedelta(days=1))  # type: ignore[attr-defined]
    assert (controller.tick().failures, controller.proving) == ({}, {})
    assert [line.split(":")[0] for line in controller.wait_for_proofs(60.0)] == ["prediction_debugged of tiny"]
    project.clock.advance(timedelta(days=80))  # type: ignore[attr-defined]
    controller._proving._rest_until = controller._clock.monotonic() + 60.0
    controller.tick()
    assert list(controller.proving) == ["tiny"]


def test_a_loop_file_that_does_not_run_waits_until_it_is_mended(make: Make, project: Workspace) -> None:
    file = project.config.root / "loop.py"
    controller, sound = make(), file.read_text()
    assert controller.loops.refresh()
    file.write_text("this is no Python")
    assert list(controller.tick().failures) == ["load loops"]
    assert controller.proving == {}
    file.write_text(sound)
    until(lambda: controller.tick() and controller.proving)
    assert controller.failures == {}


def test_one_loop_at_a_time(make: Make, project: Workspace) -> None:
    file = project.config.root / "loop.py"
    file.write_text(file.read_text() + OTHER)
    promote(project, "other")
    answer(project, but=("privacy_controls",))
    controller = make()
    controller.tick()
    assert len(controller.proving) == 1
    done = controller.wait_for_proofs(60.0)
    said = {line.split(":")[0] for line in done}
    assert {"privacy_controls of tiny", "privacy_controls of other"} <= said
    assert len(done) == len(said)


def test_a_process_that_is_killed_is_told_of_and_begun_again(make: Make, project: Workspace) -> None:
    controller = make()
    controller.tick()
    os.kill(pid_of(controller), signal.SIGKILL)
    until(lambda: "SIGKILL" in controller.tick().failures.get("prove tiny", ""))
    (alert,) = project.alerts.list()
    assert (alert.key, alert.state) == ("controller/prove tiny", "open")
    done: list[str] = []
    until(lambda: done.extend(controller.tick().done) or controller.failures == {})
    assert [line.split(":")[0] for line in done if "of tiny" in line] == [f"{check} of tiny" for check in DUE]
    assert answers(project) == [(check, "treadle") for check in DUE]
    assert project.alerts.get(alert.id).state == "resolved"


def test_one_that_fails_again_and_again_waits_for_the_next_day(make: Make, project: Workspace) -> None:
    controller = make(attempts=2)
    controller.tick()
    os.kill(pid_of(controller), signal.SIGKILL)
    until(lambda: controller.tick() and controller.failures and controller.proving)
    os.kill(pid_of(controller), signal.SIGKILL)
    until(lambda: controller.tick() and not controller.proving)
    assert "2. time in a row" in controller.failures["prove tiny"]
    controller._failing._now["prove tiny"].next = 0.0
    assert (controller.tick().held, controller.proving) == (True, {})
    project.clock.advance(timedelta(days=1))  # type: ignore[attr-defined]
    controller.tick()
    assert list(controller.proving) == ["tiny"]


@pytest.mark.parametrize(("limits", "words"), [({"deadline": 0.0}, "longer than 0 s"), ({"silence": 0.5}, "no sign")])
def test_one_that_hangs_is_ended(make: Make, limits: dict[str, float], words: str) -> None:
    controller = make(attempts=1, **limits)
    controller.tick()
    pid = pid_of(controller)
    os.kill(pid, signal.SIGSTOP)
    until(lambda: controller.tick().failures)
    assert words in controller.failures["prove tiny"]
    assert not runs(pid)


def test_who_waits_for_the_checks_gets_them_though_their_process_dies(make: Make, project: Workspace) -> None:
    controller = make()
    controller.tick()
    os.kill(pid_of(controller), signal.SIGKILL)
    controller.wait_for_proofs(60.0)
    assert answers(project) == [(check, "treadle") for check in DUE]


@pytest.mark.skipif(sys.platform != "linux", reason="no process takes a second order here")
def test_a_warm_one_asks_again_and_again(make: Make, project: Workspace) -> None:
    controller = make(warm=True)
    controller.tick()
    first = pid_of(controller)
    controller.wait_for_proofs(60.0)
    project.clock.advance(timedelta(days=100))  # type: ignore[attr-defined]
    controller.tick()
    assert pid_of(controller) == first
    controller.wait_for_proofs(60.0)
    assert answers(project) == sorted([(check, "treadle") for check in DUE] * 2)
    controller.close()
    assert not runs(first)


def test_it_ends_with_the_lease_and_the_next_holder_asks(make: Make, project: Workspace) -> None:
    first = make()
    first.tick()
    lost = pid_of(first)
    project.database.execute("UPDATE leases SET epoch = epoch + 1, holder = ''")
    first.lease._kept = 0.0  # it looks now and not in a quarter of the lease
    project.clock.sleep(0.01)
    until(lambda: not first.tick().held)
    assert (first.proving, runs(lost)) == ({}, False)
    second = make()
    second.tick()
    closed = pid_of(second)
    second.close()
    assert (second.proving, runs(closed)) == ({}, False)
    third = make()
    third.tick()
    third.wait_for_proofs(60.0)
    assert answers(project) == [(check, "treadle") for check in DUE]


def test_it_ends_with_a_controller_that_is_killed(make: Make, project: Workspace) -> None:
    code = f"""
import time
from treadle.operations import Controller
from treadle.workspace import Workspace
workspace = Workspace.open({str(project.config.root)!r})
controller = Controller(workspace, workspace.config.root / "loop.py")
controller.tick()
print(controller._proving._running.process.pid, flush=True)
time.sleep(60)
"""
    controller = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert controller.stdout is not None
    pid = int(controller.stdout.readline())
    controller.kill()
    controller.wait()
    until(lambda: not runs(pid))
    controller_after = make()
    until(lambda: controller_after.tick().held)
    controller_after.wait_for_proofs(60.0)
    assert {check for check, _ in answers(project)} == set(DUE)


def test_one_round_waits_for_the_checks_it_began(project: Workspace) -> None:
    (project.config.state / "business_time").write_text(NOW.isoformat())
    command = [sys.executable, "-m", "treadle.cli", "-C", str(project.config.root), "controller", "--once", "--json"]
    tick = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    assert {line.split(":")[0] for line in tick["done"]} >= {f"{check} of tiny" for check in DUE}
    assert (tick["failures"], answers(project)) == ({}, [(check, "treadle") for check in DUE])


def test_an_order_without_the_lease_puts_nothing_on_record(project: Workspace) -> None:
    process = ProofProcess(SystemClock())
    root = project.config.root
    process.give(
        ProofOrder(
            root=str(root),
            file=str(root / "loop.py"),
            loop="tiny",
            checks=DUE,
            moment=NOW.isoformat(),
            project="tiny",
            lease="controller",
            epoch=1,
        )
    )
    until(process.finished)
    report = process.finished()
    process.end()
    assert report is not None
    assert ("passed on" in report.why, report.answers) == (True, ()), report
    assert answers(project) == []
