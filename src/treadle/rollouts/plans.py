"""Rollout plans: how traffic moves from the champion to a version that passed its gates."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from treadle.clock import duration
from treadle.errors import InvalidInput

Patience = Literal["wait", "proceed"]


@dataclass(frozen=True)
class Stage:
    """One step of a rollout: the challenger's `share` of traffic (0: it is a shadow), how many answers it must give before the
    next step, and how long the step lasts at least."""

    share: float
    samples: int
    bake: timedelta | None = None


@dataclass(frozen=True)
class Canary:
    """Give the challenger growing shares of live traffic; each step needs `samples` answers of it (and `bake` time, if given).

    - `steps`: shares of the traffic, growing, each between 0 and 1; `samples`: answers; `bake`: a span such as `"12h"`.
    - `alpha`: how often (0 to 1) a challenger within the margin may be rolled back at most, however often the analysis looks.
    - `margin`: how much higher its loss may be (Brier score, share of wrong answers, or scaled absolute error) and still count
      as not worse; after the last step it takes over once a larger harm is ruled out.
    - `labels`, `patience`: what happens when labels are too slow to rule that out within `patience` of entering the last step:
      `"wait"` rolls back, `"proceed"` promotes on the other checks and says so.
    - `by`: the column whose value stays with one version (a customer); each prediction is drawn by itself when it is left out.

    Raises `InvalidInput` naming the field for shares that do not grow, no samples, and spans that are none.

    >>> [(s.share, s.samples) for s in Canary(steps=[0.1, 0.5], samples=2_000).stages()]
    [(0.1, 2000), (0.5, 2000)]
    """

    steps: Sequence[float] = (0.1, 0.5)
    samples: int = 1_000
    bake: str | timedelta | None = None
    alpha: float = 0.01
    margin: float = 0.02
    labels: Patience = "wait"
    patience: str | timedelta = "28d"
    by: str = ""

    def __post_init__(self) -> None:
        steps = tuple(self.steps)
        if not steps or any(not 0 < s < 1 for s in steps) or any(b <= a for a, b in itertools.pairwise(steps)):
            raise InvalidInput(
                f"Canary steps must be growing shares between 0 and 1, not {list(self.steps)}.",
                mend="For example steps=[0.1, 0.5].",
                field="steps",
            )
        object.__setattr__(self, "steps", steps)
        _check(self)

    def stages(self) -> tuple[Stage, ...]:
        """The steps in order; after the last the challenger becomes champion."""
        bake = self.bake if isinstance(self.bake, timedelta) else None
        return tuple(Stage(share, self.samples, bake) for share in self.steps)


@dataclass(frozen=True)
class Shadow:
    """Let the challenger score what the champion answers, without telling anybody; then give it growing `steps`, if any.

    While it is a shadow both are compared on the same rows. Without steps it takes over straight from the shadow. The rest is
    as in `Canary`.

    >>> [(s.share, s.samples) for s in Shadow(samples=500, steps=[0.2]).stages()]
    [(0.0, 500), (0.2, 500)]
    """

    samples: int = 1_000
    bake: str | timedelta | None = None
    steps: Sequence[float] = ()
    alpha: float = 0.01
    margin: float = 0.02
    labels: Patience = "wait"
    patience: str | timedelta = "28d"
    by: str = ""

    def __post_init__(self) -> None:
        steps = tuple(self.steps)
        if steps:
            Canary(steps)
        object.__setattr__(self, "steps", steps)
        _check(self)

    def stages(self) -> tuple[Stage, ...]:
        """First in the shadow, then the steps in order."""
        bake = self.bake if isinstance(self.bake, timedelta) else None
        return tuple(Stage(share, self.samples, bake) for share in (0.0, *self.steps))


@dataclass(frozen=True)
class AtOnce:
    """Make a version that passed its gates champion at once: the first version of a model, or a loop without live traffic.

    >>> AtOnce().stages()
    ()
    """

    def stages(self) -> tuple[Stage, ...]:
        """No steps: the gates were the last word."""
        return ()


Staged = Canary | Shadow
Plan = Canary | Shadow | AtOnce


def quality_level(plan: Staged) -> float:
    """The part of `alpha` that belongs to the check of quality; the other checks share the rest."""
    return plan.alpha / 2


def _check(plan: Staged) -> None:
    if plan.samples < 1:
        raise InvalidInput("A step needs at least one sample.", mend="For example samples=1_000.", field="samples")
    for name in ("alpha", "margin"):
        if not 0 < getattr(plan, name) < 1:
            raise InvalidInput(f"{name} lies between 0 and 1.", mend=f"For example {name}=0.01.", field=name)
    if plan.labels not in ("wait", "proceed"):
        raise InvalidInput(
            f"labels={plan.labels!r} is not a way to deal with slow labels.",
            mend='Choose "wait" or "proceed".',
            field="labels",
        )
    if plan.bake is not None:
        object.__setattr__(plan, "bake", duration(plan.bake, field="bake"))
    object.__setattr__(plan, "patience", duration(plan.patience, field="patience"))
