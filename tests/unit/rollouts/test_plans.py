from __future__ import annotations

from datetime import timedelta

import pytest

from treadle.errors import InvalidInput
from treadle.rollouts import AtOnce, Canary, Stage


def test_a_canary_takes_its_steps_in_order_and_bakes_each() -> None:
    plan = Canary(steps=[0.05, 0.25, 0.5], samples=10, bake="2h")
    assert plan.stages() == (
        Stage(0.05, 10, timedelta(hours=2)),
        Stage(0.25, 10, timedelta(hours=2)),
        Stage(0.5, 10, timedelta(hours=2)),
    )


def test_at_once_has_no_steps() -> None:
    assert AtOnce().stages() == ()


@pytest.mark.parametrize("steps", [[], [0.0, 0.5], [0.5, 1.0], [0.5, 0.1], [0.1, 0.1], [-0.1]])
def test_steps_must_grow_between_nothing_and_everything(steps: list[float]) -> None:
    with pytest.raises(InvalidInput) as caught:
        Canary(steps=steps)
    assert caught.value.field == "steps"


def test_a_step_without_samples_is_refused() -> None:
    with pytest.raises(InvalidInput, match="at least one sample"):
        Canary(samples=0)


def test_a_bad_bake_time_names_its_field() -> None:
    with pytest.raises(InvalidInput) as caught:
        Canary(bake="soon")
    assert caught.value.field == "bake"
