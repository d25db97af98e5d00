from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from treadle.errors import InvalidInput
from treadle.retraining import RetrainPlan
from treadle.retraining.triggers import Budget, Cron, OnNewData

HOUR = timedelta(hours=1)


def test_what_is_left_out_is_a_day_of_cool_down_an_hour_for_a_run_and_one_run_for_what_was_missed() -> None:
    plan = RetrainPlan.of("late")
    assert plan == RetrainPlan("late")
    assert (plan.cooldown, plan.deadline, plan.late, plan.backoff) == (24 * HOUR, HOUR, HOUR, HOUR / 4)
    assert (plan.catch_up, plan.budget, plan.triggers) == ("latest", Budget(), ())


def test_what_is_said_is_kept() -> None:
    budget = Budget(runs=3)
    triggers = (Cron("0 3 * * 1"), OnNewData(5))
    plan = RetrainPlan.of("late", triggers, cooldown="2d", budget=budget, catch_up="all", deadline=2 * HOUR)
    assert (plan.cooldown, plan.deadline, plan.catch_up, plan.budget) == (48 * HOUR, 2 * HOUR, "all", budget)
    assert plan.triggers == triggers
    assert RetrainPlan.of("late", cooldown=None).cooldown == timedelta(0)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"triggers": (OnNewData(5), OnNewData(5))}, "retrain"),
        ({"triggers": ("0 3 * * 1",)}, "retrain"),
        ({"catch_up": "some"}, "catch_up"),
        ({"budget": 3}, "budget"),
        ({"deadline": "soon"}, "deadline"),
        ({"cooldown": "soon"}, "cooldown"),
    ],
)
def test_what_cannot_be_kept_is_refused(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        RetrainPlan.of("late", **wrong)
    assert caught.value.field == field
