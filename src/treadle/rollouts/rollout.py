"""A rollout: one version on its way to becoming champion, where it stands and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from treadle.rollouts.plans import Stage, Staged, quality_level

if TYPE_CHECKING:
    from treadle.evidence import Subject

State = Literal["running", "paused", "promoted", "rolled_back", "aborted"]


@dataclass(frozen=True)
class Figures:
    """What has been seen so far: answers by variant (all, and in this stage of the challenger), labelled units by variant, the
    p-value against "its loss is higher by no more than the margin", the estimated difference in loss (challenger minus champion)
    with its confidence sequence, and whether a harm larger than the margin is ruled out."""

    samples: Mapping[str, int] = field(default_factory=dict)
    in_stage: int = 0
    labelled: Mapping[str, int] = field(default_factory=dict)
    p_value: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    not_worse: bool = False
    looks: int = 0


@dataclass(frozen=True)
class Rollout:
    """`version` on its way to replace `champion`; business times. `reason` says why it stands where it stands."""

    id: str
    model: str
    version: int
    champion: int
    plan: Staged
    state: State
    stage: int
    started_at: datetime
    entered_at: datetime
    looked_at: datetime | None
    ended_at: datetime | None
    by: str
    why: str
    reason: str = ""
    figures: Figures = field(default_factory=Figures)

    def __str__(self) -> str:
        return f"{self.model}@{self.version}: {self.outcome or self.state} ({self.reason or self.why})"

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Every stage of its plan."""
        return self.plan.stages()

    @property
    def level(self) -> float:
        """The p-value at which its quality rolls it back."""
        return quality_level(self.plan)

    @property
    def share(self) -> float:
        """The challenger's share of the traffic now (a pause leaves it as it is); 0 in the shadow and at the end."""
        return 0.0 if self.ended else self.stages[self.stage].share

    @property
    def shadow(self) -> bool:
        """Whether the challenger only scores along now."""
        return not self.ended and self.stages[self.stage].share == 0

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.ended_at is not None

    @property
    def outcome(self) -> str:
        """`promoted`, `rolled_back` or `aborted`; empty while it is in flight."""
        return self.state if self.ended else ""

    @property
    def subject(self) -> Subject:
        """What evidence about it is recorded under."""
        from treadle.evidence import Subject

        return Subject("rollout", self.id)


@dataclass(frozen=True)
class RolloutEvent:
    """Something that happened to a rollout: started, advanced, paused, resumed, promoted, rolled_back or aborted, with the ids of
    the evidence it stands on."""

    kind: str
    stage: int
    by: str
    why: str
    evidence: tuple[str, ...]
    at: datetime


@dataclass(frozen=True)
class Look:
    """What the analysis saw at one moment."""

    number: int
    at: datetime
    stage: int
    share: float
    figures: Figures
