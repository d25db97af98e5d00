"""Release: promote what its gates let through, and deploy what is champion."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from treadle.errors import Refused
from treadle.loop.cleaning import moment_of
from treadle.loop.turned import Registration, Release

if TYPE_CHECKING:
    from treadle.clock import Clock
    from treadle.features import FeatureStore
    from treadle.loop.declaration import Loop
    from treadle.models import ModelStore
    from treadle.registry import ModelVersion, Registry
    from treadle.serving import Endpoints

CONTROLLER = "treadle"  # the principal of what no person did


class Deployer:
    """Brings a version to its endpoint: features into the online store, then the manifest that workers follow."""

    def __init__(self, endpoints: Endpoints, feature_store: FeatureStore, models: ModelStore, clock: Clock) -> None:
        self._endpoints = endpoints
        self._feature_store = feature_store
        self._models = models
        self._clock = clock

    def deploy(self, loop: Loop, version: ModelVersion, *, until: datetime | None = None) -> None:
        """Materialise the loop's views up to `until` (default: now) and point the endpoint at `version`."""
        for view in loop.views:
            self._feature_store.materialize(view, until or self._clock.now(), backwards=True)
        plan = self._feature_store.lookup_plan(loop.views) if loop.views else None
        self._endpoints.deploy(loop.name, version.number, self._models.load(version.digest), plan)


def release(loop: Loop, made: Registration, registry: Registry, deployer: Deployer, as_of: str) -> Release:
    """Promote the version if the ledger says that its gates passed; the champion is what is deployed either way."""
    version = registry.get(made.model, made.number)
    if "champion" in version.aliases:
        deployer.deploy(loop, version, until=moment_of(as_of))
        return Release(made.model, made.number, "kept", "it is the champion already")
    if version.status in ("archived", "refused"):
        reason = version.refused_why or "it was champion before; rolling forward is a person's decision"
        return Release(made.model, made.number, "refused" if version.status == "refused" else "kept", reason)
    try:
        registry.promote(made.model, made.number, why="it passed every gate", principal=CONTROLLER)
    except Refused as refusal:
        registry.refuse(made.model, made.number, refusal.message, principal=CONTROLLER)
        return Release(made.model, made.number, "refused", refusal.message)
    deployer.deploy(loop, registry.get(made.model, made.number), until=moment_of(as_of))
    return Release(made.model, made.number, "promoted", "it passed every gate")
