"""`/rollouts`: versions on their way into live traffic; start, pause, resume, abort, promote."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query

from treadle.rollouts import Canary, Shadow
from treadle.server.rest.bodies import EvidenceBody
from treadle.server.rest.given import Approver, Space, Why

if TYPE_CHECKING:
    from treadle.rollouts import Figures, Look, Rollout, RolloutEvent

router = APIRouter(tags=["rollouts"])


@dataclass
class StartBody:
    """Which version to roll out and how; `bake` and `patience` are durations such as "12h"."""

    model: str
    version: int | str
    kind: Literal["canary", "shadow"] = "canary"
    steps: list[float] | None = None
    samples: int = 1_000
    bake: str | None = None
    alpha: float = 0.01
    margin: float = 0.02
    labels: Literal["wait", "proceed"] = "wait"
    patience: str = "28d"
    by: str = ""
    why: Why = ""

    def plan(self) -> Canary | Shadow:
        """The plan it describes."""
        common: dict[str, Any] = {
            name: getattr(self, name) for name in ("samples", "bake", "alpha", "margin", "labels", "patience", "by")
        }
        if self.kind == "shadow":
            return Shadow(steps=tuple(self.steps or ()), **common)
        return Canary(steps=(0.1, 0.5) if self.steps is None else tuple(self.steps), **common)


@dataclass
class WhyBody:
    """Why; it stays in the history."""

    why: Why


@dataclass
class FiguresBody:
    """What was seen so far; `p_value` speaks against "the challenger is no worse"."""

    samples: dict[str, int] = field(default_factory=dict)
    in_stage: int = 0
    labelled: dict[str, int] = field(default_factory=dict)
    p_value: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    not_worse: bool = False
    looks: int = 0

    @classmethod
    def of(cls, found: Figures) -> FiguresBody:
        """The body of figures."""
        return cls(**asdict(found))


@dataclass
class RolloutBody:
    """A version on its way into live traffic."""

    id: str
    model: str
    version: int
    champion: int
    state: str
    outcome: str
    reason: str
    stage: int
    shares: list[float]
    share: float
    started_at: datetime
    entered_at: datetime
    looked_at: datetime | None
    ended_at: datetime | None
    by: str
    why: str
    alpha: float
    margin: float
    figures: FiguresBody

    @classmethod
    def of(cls, found: Rollout) -> RolloutBody:
        """The body of a rollout."""
        names = ("id", "model", "version", "champion", "state", "outcome", "reason", "stage", "share", "started_at")
        more = ("entered_at", "looked_at", "ended_at", "by", "why")
        return cls(
            **{name: getattr(found, name) for name in (*names, *more)},
            shares=[stage.share for stage in found.stages],
            alpha=found.plan.alpha,
            margin=found.plan.margin,
            figures=FiguresBody.of(found.figures),
        )


@dataclass
class LookBody:
    """What one look saw."""

    number: int
    at: datetime
    stage: int
    share: float
    figures: FiguresBody

    @classmethod
    def of(cls, found: Look) -> LookBody:
        """The body of a look."""
        return cls(found.number, found.at, found.stage, found.share, FiguresBody.of(found.figures))


@dataclass
class RolloutEventBody:
    """Something that happened to a rollout."""

    kind: str
    stage: int
    by: str
    why: str
    evidence: list[str]
    at: datetime

    @classmethod
    def of(cls, found: RolloutEvent) -> RolloutEventBody:
        """The body of an event."""
        return cls(found.kind, found.stage, found.by, found.why, list(found.evidence), found.at)


@router.get("/rollouts")
def rollouts(
    space: Space, model: str | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> list[RolloutBody]:
    """Rollouts (of a model), newest first."""
    return [RolloutBody.of(found) for found in space.rollouts.list(model, limit=limit)]


@router.post("/rollouts")
def start(space: Space, grant: Approver, body: StartBody) -> RolloutBody:
    """Roll a version out whose gates have passed; 409 with the reason when it may not be."""
    started = space.rollouts.start(body.model, body.version, body.plan(), by=grant.principal.name, why=body.why)
    return RolloutBody.of(started)


@router.get("/rollouts/{rollout}")
def rollout(space: Space, rollout: str) -> RolloutBody:
    """One rollout."""
    return RolloutBody.of(space.rollouts.get(rollout))


@router.get("/rollouts/{rollout}/looks")
def looks(space: Space, rollout: str) -> list[LookBody]:
    """What each look saw, oldest first: the p-value over time."""
    return [LookBody.of(found) for found in space.rollouts.looks(rollout)]


@router.get("/rollouts/{rollout}/events")
def events(space: Space, rollout: str) -> list[RolloutEventBody]:
    """What happened, oldest first."""
    return [RolloutEventBody.of(found) for found in space.rollouts.events(rollout)]


@router.get("/rollouts/{rollout}/evidence")
def evidence(space: Space, rollout: str) -> list[EvidenceBody]:
    """The newest verdict of each of its checks."""
    return [EvidenceBody.of(found) for found in space.rollouts.evidence(rollout)]


@router.post("/rollouts/{rollout}/pause")
def pause(space: Space, grant: Approver, rollout: str, body: WhyBody) -> RolloutBody:
    """Hold it where it is; a failing check still rolls it back."""
    return RolloutBody.of(space.rollouts.pause(rollout, by=grant.principal.name, why=body.why))


@router.post("/rollouts/{rollout}/resume")
def resume(space: Space, grant: Approver, rollout: str, body: WhyBody) -> RolloutBody:
    """Go on with a paused one."""
    return RolloutBody.of(space.rollouts.resume(rollout, by=grant.principal.name, why=body.why))


@router.post("/rollouts/{rollout}/abort")
def abort(space: Space, grant: Approver, rollout: str, body: WhyBody) -> RolloutBody:
    """Give all traffic back to the champion."""
    return RolloutBody.of(space.rollouts.abort(rollout, by=grant.principal.name, why=body.why))


@router.post("/rollouts/{rollout}/promote")
def promote(space: Space, grant: Approver, rollout: str, body: WhyBody) -> RolloutBody:
    """Make its version champion now."""
    return RolloutBody.of(space.rollouts.promote(rollout, by=grant.principal.name, why=body.why))
