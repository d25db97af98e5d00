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


def release(loop: Loop, made: Registration, registry: Registry, deployer: Deployer, as_of: str) -> Release:
    """Promote the version if the ledger says that its gates passed; serving follows the alias."""
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
    try:
        registry.promote(made.model, made.number, why="it passed every gate", principal=CONTROLLER)
    except Refused as refusal:
        why = "; ".join(judgement.reasons) or refusal.message
        registry.refuse(made.model, made.number, why, principal=CONTROLLER)
        return Release(made.model, made.number, "refused", why)
    return Release(made.model, made.number, "promoted", "it passed every gate")
