"""What happens to a rollout next."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from treadle.rollouts import Canary, Figures, Rollout, Shadow
from treadle.rollouts.decision import Said, decide

AT = datetime(2013, 4, 1, tzinfo=UTC)
BAD = Said("quality", "failed", True, "It is worse.")
FINE = Said("quality", "passed", False, "It is not shown to be worse.")

BROKEN = Said("latency", "error", False, "ZeroDivisionError: by zero")


def rollout(plan: Any = None, **more: Any) -> Rollout:
    made = Rollout(
        id="r", model="late", version=2, champion=1, plan=plan or Canary(steps=[0.1, 0.5], samples=100), state="running", stage=0,
        started_at=AT, entered_at=AT, looked_at=None, ended_at=None, by="ada", why="it passed every gate",
    )  # fmt: skip
    return replace(made, **more)


@pytest.mark.parametrize(
    ("state", "said", "stage", "figures", "hours", "move"),
    [
        ("running", [FINE], 0, Figures(in_stage=99), 1, "wait"),
        ("running", [FINE], 0, Figures(in_stage=100), 1, "next"),
        ("running", [], 0, Figures(in_stage=100), 1, "next"),
        ("running", [BAD], 0, Figures(in_stage=1), 1, "roll_back"),
        ("running", [BAD, FINE], 1, Figures(in_stage=100, not_worse=True), 1, "roll_back"),
        ("running", [replace(BAD, blocks=False)], 0, Figures(in_stage=1), 1, "wait"),
        ("running", [FINE], 1, Figures(in_stage=99, not_worse=True), 1, "wait"),
        ("running", [FINE], 1, Figures(in_stage=100, not_worse=True), 1, "promote"),
        ("running", [FINE], 1, Figures(in_stage=100), 1, "wait"),
        ("running", [FINE], 1, Figures(in_stage=100), 24 * 28, "roll_back"),
        ("running", [BROKEN], 0, Figures(in_stage=99), 1, "wait"),
        ("running", [BROKEN], 0, Figures(in_stage=100), 1, "wait"),
        ("running", [BROKEN], 0, Figures(in_stage=100), 24 * 28 - 1, "wait"),
        ("running", [BROKEN], 0, Figures(in_stage=100), 24 * 28, "roll_back"),
        ("running", [BROKEN, FINE], 1, Figures(in_stage=100, not_worse=True), 1, "wait"),
        ("running", [BROKEN, FINE], 1, Figures(in_stage=100, not_worse=True), 24 * 28, "roll_back"),
        ("running", [BROKEN, BAD], 1, Figures(in_stage=100, not_worse=True), 1, "roll_back"),
        ("running", [replace(FINE, status="skipped")], 1, Figures(in_stage=100, not_worse=True), 1, "promote"),
        ("paused", [FINE], 0, Figures(in_stage=100), 1, "wait"),
        ("paused", [FINE], 1, Figures(in_stage=100, not_worse=True), 1, "wait"),
        ("paused", [BAD], 1, Figures(in_stage=1), 1, "roll_back"),
    ],
)
def test_the_next_move(state: Any, said: list[Said], stage: int, figures: Figures, hours: int, move: str) -> None:
    found = decide(rollout(state=state, stage=stage, figures=figures), said, AT + timedelta(hours=hours))
    assert (found.move, bool(found.reason)) == (move, True)


@pytest.mark.parametrize(("hours", "move"), [(11, "wait"), (12, "next")])
def test_it_bakes(hours: int, move: str) -> None:
    baked = rollout(Canary(samples=1, bake="12h"), figures=Figures(in_stage=5))
    assert decide(baked, [], AT + timedelta(hours=hours)).move == move


@pytest.mark.parametrize(("days", "move"), [(6, "wait"), (7, "promote")])
def test_a_plan_may_proceed_without_labels(days: int, move: str) -> None:
    plan = Canary(steps=[0.5], samples=1, labels="proceed", patience="7d")
    found = decide(rollout(plan, figures=Figures(in_stage=5)), [], AT + timedelta(days=days))
    assert found.move == move


def test_a_shadow_that_held_goes_straight_on() -> None:
    assert decide(rollout(Shadow(samples=5), figures=Figures(in_stage=5, not_worse=True)), [], AT).move == "promote"
    assert decide(rollout(Shadow(samples=5, steps=[0.2]), figures=Figures(in_stage=5)), [], AT).move == "next"


@pytest.mark.parametrize(
    ("plan", "figures", "reason"),
    [
        (Canary(steps=[0.1], samples=2_000), Figures(in_stage=1_200), "1,200 of 2,000 answers at 10%"),
        (Shadow(samples=5), Figures(in_stage=4), "4 of 5 answers at the shadow"),
        (Canary(steps=[0.1, 0.5], samples=5), Figures(in_stage=5), "5 answers at 10% and no check against it"),
        (Canary(steps=[0.5], samples=5, bake="2h"), Figures(in_stage=5), "it has to last 2 hours at 50%"),
        (
            Canary(steps=[0.5], samples=5, margin=0.03),
            Figures(in_stage=5, labelled={"champion": 700, "challenger": 500}, not_worse=True),
            "a loss more than 0.03 above the champion's is ruled out on 1,200 labelled units",
        ),
        (
            Canary(steps=[0.5], samples=5, margin=0.03),
            Figures(in_stage=5, labelled={"champion": 7, "challenger": 5}),
            "for labels: 12 so far do not rule out a harm of 0.03",
        ),
    ],
)
def test_the_reason_says_what_it_stands_on(plan: Any, figures: Figures, reason: str) -> None:
    assert decide(rollout(plan, figures=figures), [], AT).reason == reason


def test_a_broken_check_is_named() -> None:
    due = rollout(figures=Figures(in_stage=100))
    assert decide(due, [BROKEN], AT).reason == "latency could not be answered (ZeroDivisionError: by zero)"


def test_every_reason_against_it_is_told() -> None:
    errors = Said("errors", "failed", True, "It fails requests.")
    assert decide(rollout(), [errors, BAD], AT).reason == "It fails requests.; It is worse."
