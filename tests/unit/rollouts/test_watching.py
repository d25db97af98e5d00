"""The checks of a plan together: each can roll back, and all of them cry wolf no more often than declared."""

from __future__ import annotations

from typing import Any

import pytest

from treadle.evidence import Verdict
from treadle.rollouts import Canary, Errors, FeatureGap, Latency, Numerics, PredictionShift, Quality, Shadow
from treadle.rollouts.plans import quality_level
from treadle.rollouts.watching import checks_of

from .conftest import canary


@pytest.mark.parametrize("plan", [Canary(alpha=0.04, margin=0.03), Shadow(alpha=0.04, margin=0.03)])
def test_the_level_of_a_plan_is_shared_by_its_checks(plan: Any) -> None:
    checks = checks_of(plan)
    assert [type(check) for check in checks] == [Errors, Latency, Numerics, FeatureGap, PredictionShift, Quality]
    levels = {type(check): check.alpha for check in checks if not isinstance(check, Numerics)}  # type: ignore[attr-defined]
    assert levels[Quality] == quality_level(plan) == 0.02
    assert sum(levels.values()) <= plan.alpha
    assert min(levels.values()) > 0


def test_every_check_of_a_rollout_rolls_back() -> None:
    assert {check.reaction for check in checks_of(Canary())} == {"block"}


@pytest.mark.parametrize("number", range(6))
def test_a_failing_check_of_any_kind_ends_the_rollout(
    street: Any, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    rollout_id = street.open("same", canary())
    street.ask(100)
    check = checks_of(canary())[number]
    monkeypatch.setattr(type(check), "run", lambda _self, _seen: Verdict.of(False, summary="It is bad."))
    ended = street.rollouts.advance(rollout_id)
    assert (ended.outcome, ended.reason) == ("rolled_back", "It is bad.")
    assert street.served() == {"champion": (1, 1.0)}


def test_a_check_that_breaks_holds_up_the_promotion_until_it_is_mended(
    street: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollout_id = street.open("same", canary(samples=10, steps=[0.5]))

    def breaks(_self: object, _seen: object) -> Verdict:
        raise ZeroDivisionError("by zero")

    with monkeypatch.context() as broken:
        broken.setattr(Latency, "run", breaks)
        held = street.drive(rollout_id, rows=500, hours=8)
    assert (held.ended, held.figures.not_worse) == (False, True)
    assert "could not be answered (ZeroDivisionError: by zero)" in held.reason
    assert street.served()["challenger"] == (2, 0.5)
    assert street.rollouts.advance(rollout_id).outcome == "promoted"
