"""Ended requests are forgotten once nothing can ask about them again; nothing grows without end, and nothing is done twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from treadle.monitoring import Drift
from treadle.retraining import Event, Failing, Forgotten, Request, Retraining, RetrainPlan, Situation
from treadle.retraining.retention import forgettable
from treadle.retraining.triggers import Cron, OnFailing, OnMessage
from treadle.testing import Ground

NOW, DAY = datetime(2013, 4, 1, tzinfo=UTC), timedelta(days=1)
BEFORE = NOW - 100 * DAY


@pytest.fixture
def retraining(ground: Ground) -> Retraining:
    return Retraining(ground.database, project=ground.project, clock=ground.clock, ids=ground.ids)


@pytest.fixture
def drifting(ground: Ground) -> Any:
    """A monitor that has been failing without a break since the beginning, as the situation shows it."""
    check, begin = Drift(), ground.clock.now()

    def situation(retraining: Retraining) -> Situation:
        now = ground.clock.now()
        failing = {check.name: Failing("e1", begin, now, "It drifted.")}
        last, _ = retraining.last_turn("late", now)
        return Situation(now=now, last_turn=last, failing=failing, events=tuple(retraining.events()))

    return SimpleNamespace(check=check, situation=situation)


def ended(key: str, days: int, state: str = "succeeded", **more: Any) -> Request:
    at = NOW - days * DAY
    given = {"id": f"id-{key}", "cause": "t", "occurred_at": at, "asked_at": at, "finished_at": at, **more}
    return Request(loop="late", occurrence=key, reason="because", state=state, **given)  # type: ignore[arg-type]


NEWEST = ended("newest", 1)  # the newest request of the trigger, which always stays


@pytest.mark.parametrize(
    ("requests", "last_turn", "gone"),
    [
        ([ended("a", 101)], NOW, ["a"]),
        ([ended("a", 100)], NOW, []),
        ([ended("a", 300, finished_at=BEFORE)], NOW, []),  # it ended only then
        ([ended("a", 300, finished_at=None)], NOW, ["a"]),  # missed, never run
        ([ended("a", 101)], NOW - 101 * DAY, ["a"]),
        ([ended("a", 101)], NOW - 102 * DAY, []),  # no turn has answered it
        ([ended("a", 101)], None, []),
        ([ended("a", 101, "cancelled")], None, []),
        ([ended("a", 101, cause="by hand"), ended("b", 1, cause="by hand")], None, ["a"]),
        ([ended("a", 103, "failed"), ended("a", 102, "failed", attempt=2, id="id-a2")], None, ["a"]),
        ([ended("a", 101, cause="u")], NOW, []),  # the newest of its trigger: what it is about may last
        ([ended("a", 103, cause="u"), ended("b", 102, cause="u")], NOW, ["a"]),
        ([ended("a", 101, seconds=0.5)], NOW, []),  # says what a run costs
        ([ended("a", 102, seconds=5.0), ended("b", 101, seconds=6.0)], NOW, ["a"]),
        ([ended("a", 101, as_of=NOW)], NOW, []),  # says up to when the loop has answered
        ([ended("a", 101, as_of=NOW), ended("b", 90, "refused", started_at=NOW + DAY)], NOW, ["a"]),
        ([ended("a", 101, "failed", as_of=NOW)], NOW, ["a"]),
    ],
)
def test_what_may_be_forgotten(requests: list[Request], last_turn: datetime | None, gone: list[str]) -> None:
    assert [each.occurrence for each in forgettable([*requests, NEWEST], BEFORE, last_turn)] == gone


def test_a_project_without_requests_has_nothing_to_forget(ground: Ground, retraining: Retraining) -> None:
    gone = retraining.expire(ground.clock.now())
    assert (gone.requests, gone.turns) == (0, 0)
    assert gone == Forgotten()


def test_years_of_turns_leave_the_last_ones(ground: Ground, retraining: Retraining) -> None:
    plan = RetrainPlan.of("late", (Cron("0 3 * * *"),), cooldown=None)
    most = 0
    for day in range(400):
        _turn(ground, retraining, plan, f"e{day}")
        ground.clock.advance("1d")
        retraining.expire(ground.clock.now() - 30 * DAY)
        most = max(most, len(retraining.list(all=True, limit=1_000)))
    assert most <= 32
    turns = ground.database.read("SELECT as_of FROM retrain_turns WHERE project = :p", p=ground.project)
    assert len(turns) <= 32
    before = retraining.list(all=True, limit=1_000)
    dry = retraining.expire(ground.clock.now(), dry_run=True)
    assert (dry.requests, dry.turns) == (len(before) - 1, len(turns) - 1)
    assert retraining.list(all=True, limit=1_000) == before
    _turn(ground, retraining, plan, "last")
    retraining.expire(ground.clock.now() + 9_999 * DAY)
    assert len(retraining.list(all=True)) == 1
    last, _ = retraining.last_turn("late", ground.clock.now())
    assert not retraining.consider(plan, Situation(now=ground.clock.now(), last_turn=last)).fires


def _turn(ground: Ground, retraining: Retraining, plan: RetrainPlan, execution: str) -> None:
    now = ground.clock.now()
    last, _ = retraining.last_turn("late", now)
    for request in retraining.consider(plan, Situation(now=now, last_turn=last)).requests:
        retraining.start(request)
        retraining.turned("late", execution=execution, as_of=now)
        retraining.finish(request, "promoted", seconds=2.0)


def test_what_is_still_asked_for_is_not_done_again(ground: Ground, retraining: Retraining, drifting: Any) -> None:
    """A failure that lasts for years, a message no turn has answered, a schedule that was called off."""
    plan = RetrainPlan.of(
        "late", (OnFailing(drifting.check), OnMessage("a.b"), Cron("0 3 1 3 *")), cooldown=None, catch_up="all"
    )
    retraining.receive(Event("/w", "1", "a.b"))
    for _ in range(3):
        request = retraining.consider(plan, drifting.situation(retraining)).requests[0]
        retraining.cancel(request, by="ada")
        ground.clock.advance("1m")
    ground.clock.advance("300d")
    for _ in range(3):
        assert retraining.expire(ground.clock.now() - DAY).requests == 0
        assert not retraining.consider(plan, drifting.situation(retraining)).fires


def test_open_requests_and_other_projects_stay(ground: Ground, retraining: Retraining) -> None:
    other = Retraining(ground.database, project=f"{ground.project}-other", clock=ground.clock, ids=ground.ids)
    for room in (retraining, other):
        for _ in range(2):
            request = room.start(room.ask("late", reason="Try.", by="ada"))
            room.finish(request, "failed")
            ground.clock.advance("1s")
    waiting = retraining.ask("late", reason="Later.", by="ada")
    assert retraining.expire(ground.clock.now() + DAY).requests == 1
    assert retraining.get(waiting.id) == waiting
    assert len(other.list(all=True)) == 2
