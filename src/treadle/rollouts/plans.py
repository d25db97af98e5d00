"""Rollout plans: how traffic moves from the champion to a version that passed its gates."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from treadle.clock import duration
from treadle.errors import InvalidInput


@dataclass(frozen=True)
class Stage:
    """One step of a rollout: the challenger's `share` of traffic, and how many answers it must give before the next."""

    share: float
    samples: int
    bake: timedelta | None = None


@dataclass(frozen=True)
class Canary:
    """Give the challenger growing shares of live traffic; each step needs `samples` answers (and `bake` time, if given).

    >>> [(s.share, s.samples) for s in Canary(steps=[0.1, 0.5], samples=2_000).stages()]
    [(0.1, 2000), (0.5, 2000)]
    """

    steps: Sequence[float] = (0.1, 0.5)
    samples: int = 1_000
    bake: str | timedelta | None = None

    def __post_init__(self) -> None:
        steps = tuple(self.steps)
        if not steps or any(not 0 < s < 1 for s in steps) or any(b <= a for a, b in itertools.pairwise(steps)):
            raise InvalidInput(
                f"Canary steps must be growing shares between 0 and 1, not {list(self.steps)}.",
                mend="For example steps=[0.1, 0.5].",
                field="steps",
            )
        if self.samples < 1:
            raise InvalidInput(
                "A canary step needs at least one sample.", mend="For example samples=1_000.", field="samples"
            )
        object.__setattr__(self, "steps", steps)
        if self.bake is not None:
            object.__setattr__(self, "bake", duration(self.bake, field="bake"))

    def stages(self) -> tuple[Stage, ...]:
        """The steps in order; after the last the challenger becomes champion."""
        bake = self.bake if isinstance(self.bake, timedelta) else None
        return tuple(Stage(share, self.samples, bake) for share in self.steps)


@dataclass(frozen=True)
class AtOnce:
    """Make a version that passed its gates champion at once: the first version of a model, or a loop without live traffic."""

    def stages(self) -> tuple[Stage, ...]:
        """No steps: the gates were the last word."""
        return ()


Plan = Canary | AtOnce
