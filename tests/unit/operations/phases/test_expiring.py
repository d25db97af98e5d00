"""What retention lets go is deleted once a week of business time, and said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from treadle.clock import ReplayClock
from treadle.operations.phases import Expiring
from treadle.retraining import RetrainPlan, Situation
from treadle.retraining.triggers import Cron
from treadle.workspace import Workspace

NOW, DAY = datetime(2013, 6, 1, tzinfo=UTC), timedelta(days=1)


def ran(phase: Expiring, now: datetime) -> list[str]:
    return [line for job in phase.jobs(now) for line in job.run()]


def test_old_rows_go_once_a_week(tmp_path: Path) -> None:
    (tmp_path / "treadle.toml").write_text("[retention]\nobservation_days = 30\n")
    clock = ReplayClock(NOW)
    with Workspace.open(tmp_path, clock=clock) as workspace:
        rows = {"id": ["a", "b", "c"], "at": [NOW - 40 * DAY, NOW - 25 * DAY, NOW], "p": [0.1, 0.6, 0.9]}
        workspace.observations.adopt("churn", rows, id="id", time="at", score="p", classes=["no", "yes"])
        phase = Expiring(cast("Any", workspace))
        assert ran(phase, NOW) == ["deleted 1 old predictions of churn and 0 labels and signals"]
        assert ran(phase, NOW + 7 * DAY) == ["deleted 1 old predictions of churn and 0 labels and signals"]
        assert ran(phase, NOW + 8 * DAY) == []
        assert workspace.observations.span("churn") == (NOW, NOW)


def test_zero_days_are_for_ever(tmp_path: Path) -> None:
    (tmp_path / "treadle.toml").write_text("[retention]\nobservation_days = 0\nprediction_log_days = 0\n")
    with Workspace.open(tmp_path, clock=ReplayClock(NOW)) as workspace:
        rows = {"id": ["a"], "at": [NOW - 4000 * DAY], "p": [0.1]}
        workspace.observations.adopt("churn", rows, id="id", time="at", score="p", classes=["no", "yes"])
        assert ran(Expiring(cast("Any", workspace)), NOW) == []
        assert workspace.observations.span("churn") is not None


def test_a_clock_that_jumped_ahead_and_came_back_puts_nothing_off(tmp_path: Path) -> None:
    (tmp_path / "treadle.toml").write_text("[retention]\nobservation_days = 30\n")
    with Workspace.open(tmp_path, clock=ReplayClock(NOW)) as workspace:
        phase = Expiring(cast("Any", workspace))
        assert ran(phase, NOW + 30_000 * DAY) == []
        rows = {"id": ["a", "b"], "at": [NOW - 40 * DAY, NOW], "p": [0.1, 0.6]}
        workspace.observations.adopt("churn", rows, id="id", time="at", score="p", classes=["no", "yes"])
        assert ran(phase, NOW) == ["deleted 1 old predictions of churn and 0 labels and signals"]


def test_old_requests_and_turns_go_and_the_last_stay(tmp_path: Path) -> None:
    (tmp_path / "treadle.toml").write_text("[retention]\nrequest_days = 30\n")
    clock = ReplayClock(NOW)
    plan = RetrainPlan.of("late", (Cron("0 3 * * *"),), cooldown=None)
    with Workspace.open(tmp_path, clock=clock) as workspace:
        room = workspace.retraining
        for day in range(40):
            last, _ = room.last_turn("late", clock.now())
            (request,) = room.consider(plan, Situation(now=clock.now(), last_turn=last)).requests
            room.turned("late", execution=f"e{day}", as_of=clock.now())
            room.finish(room.start(request), "promoted", seconds=1.0)
            clock.advance(DAY)
        phase = Expiring(cast("Any", workspace))
        assert ran(phase, clock.now()) == ["deleted 10 old requests for turns and 10 marks of turns"]
        assert len(room.list("late", all=True)) == 30


def test_requests_are_kept_for_ever_when_asked(tmp_path: Path) -> None:
    (tmp_path / "treadle.toml").write_text("[retention]\nrequest_days = 0\n")
    clock = ReplayClock(NOW)
    with Workspace.open(tmp_path, clock=clock) as workspace:
        for _ in range(2):
            workspace.retraining.cancel(workspace.retraining.ask("late", reason="Try.", by="ada"), by="ada")
            clock.advance(4_000 * DAY)
        assert ran(Expiring(cast("Any", workspace)), clock.now()) == []
        assert len(workspace.retraining.list(all=True)) == 2
