"""What happens to a rollout next: a pure decision over its plan, what was counted and what the checks said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from treadle.clock import in_words
from treadle.rollouts.rollout import Rollout

Move = Literal["wait", "next", "promote", "roll_back"]


@dataclass(frozen=True)
class Said:
    """What one check said: its name, its status, whether that blocks, and in a sentence."""

    check: str
    status: str
    blocks: bool
    summary: str


@dataclass(frozen=True)
class Decision:
    """The next move and why."""

    move: Move
    reason: str


def decide(rollout: Rollout, said: Sequence[Said], now: datetime) -> Decision:
    """Roll back as soon as a check that blocks fails; go on once the stage has its samples and its time; promote after the last
    stage once a harm of the margin is ruled out, or as the plan says when labels are too slow.

    A paused rollout only goes back. One with a check that breaks goes nowhere until it is mended, and back when the plan's patience
    is over: what nobody could ask is no reason to go on.
    """
    against = [each for each in said if each.blocks]
    if against:
        return Decision("roll_back", "; ".join(each.summary or each.check for each in against))
    if rollout.state == "paused":
        return Decision("wait", "it is paused")
    onward = _onward(rollout, now)
    broken = [each for each in said if each.status == "error"]
    if not broken or onward.move not in ("next", "promote"):
        return onward
    why = "; ".join(f"{each.check} could not be answered ({each.summary})" for each in broken)
    return Decision("roll_back" if _impatient(rollout, now) else "wait", why)


def _onward(rollout: Rollout, now: datetime) -> Decision:
    """What is due as long as no check speaks against it."""
    stage, figures = rollout.stages[rollout.stage], rollout.figures
    if figures.in_stage < stage.samples:
        return Decision("wait", f"{figures.in_stage:,} of {stage.samples:,} answers at {_share(stage.share)}")
    if stage.bake is not None and now - rollout.entered_at < stage.bake:
        return Decision("wait", f"it has to last {in_words(stage.bake)} at {_share(stage.share)}")
    if rollout.stage + 1 < len(rollout.stages):
        return Decision("next", f"{figures.in_stage:,} answers at {_share(stage.share)} and no check against it")
    return _last(rollout, now)


def _last(rollout: Rollout, now: datetime) -> Decision:
    figures, plan = rollout.figures, rollout.plan
    labelled = sum(figures.labelled.values())
    in_time = f"{labelled:,} labels within {in_words(_patience(rollout))}"
    if figures.not_worse:
        return Decision(
            "promote",
            f"a loss more than {plan.margin:g} above the champion's is ruled out on {labelled:,} labelled units",
        )
    if not _impatient(rollout, now):
        return Decision("wait", f"for labels: {labelled:,} so far do not rule out a harm of {plan.margin:g}")
    if plan.labels == "proceed":
        return Decision("promote", f"every other check is content; {in_time} did not decide about its quality")
    return Decision("roll_back", f"{in_time} did not rule out a harm of {plan.margin:g}")


def _impatient(rollout: Rollout, now: datetime) -> bool:
    return now - rollout.entered_at >= _patience(rollout)


def _patience(rollout: Rollout) -> timedelta:
    patience = rollout.plan.patience
    assert isinstance(patience, timedelta)  # a plan has made it one
    return patience


def _share(share: float) -> str:
    return f"{share:.0%}" if share else "the shadow"
