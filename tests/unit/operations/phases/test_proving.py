"""Project checks are asked before their evidence expires, and what expired all the same is told."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from treadle.errors import Conflict, NotFound
from treadle.evidence import Subject, Verdict
from treadle.loop.proving import Bench, project_checks
from treadle.monitoring import Alerts
from treadle.operations import Limits
from treadle.operations.loops import Loops
from treadle.operations.phases import Proving
from treadle.readiness import Readiness
from treadle.testing import Ground

LATE = SimpleNamespace(name="late")


class Rooms(SimpleNamespace):
    """A real ledger, readiness and alerts; `asked` says how often somebody looked what is due."""

    def bench(self, loop: Any) -> Bench:
        self.asked += 1
        return Bench(loop, self, None, None)  # type: ignore[arg-type]

    def answer(self) -> None:
        """Every check has just said yes."""
        for check in project_checks():
            subject = check.subject(Bench(LATE, self, None, None))  # type: ignore[arg-type]
            self.ledger.record(check.name, check.stage, subject, Verdict("passed"), principal="treadle")


@pytest.fixture
def rooms(ground: Ground) -> Rooms:
    def champion(_model: str, _alias: str) -> object:
        if not made.served:
            raise NotFound("There is none.")
        return SimpleNamespace(subject=Subject("model_version", "late@2"))

    def drill(model: str, *, by: str) -> Any:
        if not made.before:
            raise Conflict("There is nothing before.")
        return ground.ledger.record(
            "rollback_drill", "release", Subject("model_version", f"{model}@2"), Verdict("passed"), principal=by
        )

    made = Rooms(
        ledger=ground.ledger,
        clock=ground.clock,
        readiness=Readiness(ground.ledger, project=ground.project, clock=ground.clock),
        alerts=Alerts(ground.database, project=ground.project, clock=ground.clock, ids=ground.ids),
        registry=SimpleNamespace(get=champion),
        rollouts=SimpleNamespace(drill=drill),
        config=SimpleNamespace(controller=SimpleNamespace(prove="60d")),
        asked=0,
        served=True,
        before=True,
    )
    made.answer()
    return made


@pytest.fixture
def tick(rooms: Rooms) -> Callable[[], list[str]]:
    phase = Proving(rooms, Loops([LATE]), SimpleNamespace(), Limits())  # type: ignore[arg-type,list-item]
    return lambda: [said for job in phase.jobs(rooms.clock.now()) for said in job.run()]


def test_a_clock_that_jumped_ahead_and_came_back_puts_no_proof_off(rooms: Rooms, tick: Callable[[], list[str]]) -> None:
    now = rooms.clock.business
    rooms.clock.advance("30000d")
    rooms.answer()
    assert "rollback_drill of late: passed" in tick()
    rooms.clock.business = now
    assert "rollback_drill of late: passed" in tick()
    assert rooms.asked == 2


def test_a_loop_is_looked_at_once_a_day(rooms: Rooms, tick: Callable[[], list[str]]) -> None:
    for _ in range(3):
        tick()
    assert rooms.asked == 1
    rooms.clock.advance("1d")
    tick()
    assert rooms.asked == 2


def test_what_is_not_served_is_left_alone(rooms: Rooms, tick: Callable[[], list[str]]) -> None:
    rooms.served = False
    tick()
    assert rooms.asked == 0


def test_it_can_be_switched_off(rooms: Rooms, tick: Callable[[], list[str]]) -> None:
    rooms.config.controller.prove = ""
    tick()
    assert rooms.asked == 0


def test_the_rollback_is_drilled_as_often(rooms: Rooms, tick: Callable[[], list[str]]) -> None:
    assert tick() == ["rollback_drill of late: passed"]
    rooms.clock.advance("59d")
    rooms.answer()
    assert tick() == []
    rooms.clock.advance("1d")
    assert tick() == ["rollback_drill of late: passed"]


def test_without_a_version_before_nothing_is_drilled(rooms: Rooms, tick: Callable[[], list[str]]) -> None:
    rooms.before = False
    assert tick() == []


def test_evidence_that_expired_is_told_until_there_is_new(rooms: Rooms, tick: Callable[[], list[str]]) -> None:
    rooms.config.controller.prove = ""
    subject = Subject("loop", "late")
    tick()
    rooms.clock.advance("91d")
    assert "data-5 has expired" in tick()
    (alert,) = [each for each in rooms.alerts.list() if each.key == "readiness/data-5"]
    assert alert.severity == "info"
    rooms.ledger.record("privacy_controls", "release", subject, Verdict("passed"), principal="treadle")
    rooms.clock.advance("7d")
    tick()
    assert rooms.alerts.get(alert.id).state == "resolved"


def test_new_evidence_that_failed_has_not_expired_either(rooms: Rooms, tick: Callable[[], list[str]]) -> None:
    rooms.config.controller.prove = ""
    tick()
    rooms.clock.advance("91d")
    tick()
    alert = rooms.alerts.get("readiness/data-2")
    rooms.ledger.record("feature_benefit", "release", Subject("loop", "late"), Verdict("failed"), principal="treadle")
    rooms.clock.advance("7d")
    assert "data-2 has expired" not in tick()
    assert rooms.alerts.get(alert.id).state == "resolved"


def test_it_is_about_the_loops_that_are_declared(rooms: Rooms) -> None:
    phase = Proving(rooms, Loops([LATE]), SimpleNamespace(), Limits())  # type: ignore[arg-type,list-item]
    assert {job.subject for job in phase.jobs(rooms.clock.now())} == phase.subjects
    rooms.config.controller.prove = ""
    rooms.clock.advance("7d")
    assert {job.subject for job in phase.jobs(rooms.clock.now())} == phase.subjects
