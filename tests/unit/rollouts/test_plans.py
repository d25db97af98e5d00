from __future__ import annotations

from datetime import timedelta

import pytest

from treadle.errors import InvalidInput
from treadle.rollouts import AtOnce, Canary, Shadow, Stage
from treadle.rollouts.plans import quality_level


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


def test_what_a_canary_and_a_shadow_do_when_nothing_is_said() -> None:
    canary, shadow = Canary(), Shadow()
    assert canary.stages() == (Stage(0.1, 1_000, None), Stage(0.5, 1_000, None))
    assert shadow.stages() == (Stage(0.0, 1_000, None),)
    for plan in (canary, shadow):
        assert (plan.alpha, plan.margin, plan.labels, plan.by) == (0.01, 0.02, "wait", "")
        assert plan.patience == timedelta(days=28)
        assert quality_level(plan) == 0.005


def test_a_shadow_goes_on_with_its_steps() -> None:
    stages = Shadow(samples=5, bake="1h", steps=[0.2, 0.4]).stages()
    assert [(stage.share, stage.bake) for stage in stages] == [(share, timedelta(hours=1)) for share in (0.0, 0.2, 0.4)]
    with pytest.raises(InvalidInput) as caught:
        Shadow(steps=[0.4, 0.2])
    assert caught.value.field == "steps"


@pytest.mark.parametrize("name", ["alpha", "margin"])
@pytest.mark.parametrize(
    ("value", "fits"), [(0.0, False), (1.0, False), (-0.1, False), (1.5, False), (0.001, True), (0.999, True)]
)
def test_levels_and_margins_lie_between_nothing_and_everything(name: str, value: float, fits: bool) -> None:
    if fits:
        assert getattr(Canary(**{name: value}), name) == value  # type: ignore[arg-type]
        return
    with pytest.raises(InvalidInput) as caught:
        Shadow(**{name: value})  # type: ignore[arg-type]
    assert caught.value.field == name


@pytest.mark.parametrize(("wrong", "field"), [({"labels": "hope"}, "labels"), ({"patience": "soon"}, "patience")])
def test_what_a_plan_cannot_mean_is_refused(wrong: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Canary(**wrong)  # type: ignore[arg-type]
    assert caught.value.field == field
