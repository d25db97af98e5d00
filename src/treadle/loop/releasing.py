"""Release: promote what its gates let through; serving follows the champion."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from treadle.errors import Conflict, Refused
from treadle.loop.cleaning import moment_of
from treadle.loop.turned import Registration, Release

if TYPE_CHECKING:
    from treadle.clock import Clock
    from treadle.features import FeatureStore
    from treadle.loop.declaration import Loop
    from treadle.loop.following import EndpointFollower
    from treadle.registry import Registry
    from treadle.rollouts import Rollouts

CONTROLLER = "treadle"  # the principal of what no person did


class Deployer:
    """Makes ready what a version needs before it serves: the newest values of its features in the online store."""

    def __init__(self, feature_store: FeatureStore, follower: EndpointFollower, clock: Clock) -> None:
        self._feature_store = feature_store
        self._follower = follower
        self._clock = clock

    def prepare(self, loop: Loop, until: datetime | None) -> None:
        """Materialise the loop's views up to `until` (default: now), where the store does not hold later values already."""
        for view in loop.views:
            try:
                self._feature_store.materialize(view, until or self._clock.now())
            except Conflict:  # a turn that looks from the past must not turn live features back
                continue

    def deploy(self, loop: Loop) -> None:
        """Point the endpoint at the champion, if it does not serve it already."""
        self._follower.follow(loop.name)


def release(
    loop: Loop, made: Registration, registry: Registry, rollouts: Rollouts, deployer: Deployer, as_of: str
) -> Release:
    """Promote the version, or start its rollout, if the ledger says that its gates passed; serving follows."""
    version = registry.get(made.model, made.number)
    if "champion" in version.aliases:
        deployer.prepare(loop, moment_of(as_of))
        deployer.deploy(loop)
        return Release(made.model, made.number, "kept", "it is the champion already")
    if version.status == "refused":
        return Release(made.model, made.number, "refused", version.refused_why)
    if version.status == "archived":
        return Release(
            made.model, made.number, "kept", "it was champion before; going back to it is a person's decision"
        )
    judgement = registry.judge(made.model, made.number)
    if judgement.allowed:
        deployer.prepare(loop, moment_of(as_of))
        if loop.rollout.stages() and any(m.name == made.model and m.champion for m in registry.models()):
            return _roll_out(loop, made, rollouts)
    try:
        registry.promote(made.model, made.number, why="it passed every gate", principal=CONTROLLER)
    except Refused as refusal:
        why = "; ".join(judgement.reasons) or refusal.message
        registry.refuse(made.model, made.number, why, principal=CONTROLLER)
        return Release(made.model, made.number, "refused", why)
    return Release(made.model, made.number, "promoted", "it passed every gate")


def _roll_out(loop: Loop, made: Registration, rollouts: Rollouts) -> Release:
    """Start the rollout of a version, unless it is in one, or a person took it out of one, or another is in flight."""
    before = [each for each in rollouts.list(made.model) if each.version == made.number]
    if before and not before[0].ended:
        return Release(made.model, made.number, "rollout", "it is being rolled out")
    if before:
        return Release(made.model, made.number, "kept", "its rollout was ended; trying it again is a person's decision")
    running = rollouts.active(made.model)
    if running is not None:
        why = f"it passed every gate and waits until the rollout of version {running.version} has ended"
        return Release(made.model, made.number, "waiting", why)
    started = rollouts.start(made.model, made.number, loop.rollout, by=CONTROLLER, why="it passed every gate")
    return Release(made.model, made.number, "rollout", f"it passed every gate and starts with {started.share:.0%}")
