"""What an endpoint serves during a rollout: champion and challenger, each with its share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from treadle.errors import Conflict
from treadle.rollouts.analysis.seen import CHALLENGER, CHAMPION, SHADOW
from treadle.rollouts.rollout import Rollout

if TYPE_CHECKING:
    from treadle.registry import ModelVersion, Registry
    from treadle.serving import Endpoints, Variant

LOOKUP = "lookup"  # the document of a version that says how its online features are looked up


class Traffic:
    """Brings endpoints to what the registry and the rollouts say."""

    def __init__(self, registry: Registry, endpoints: Endpoints) -> None:
        self._registry = registry
        self._endpoints = endpoints

    def champion(self, model: str) -> ModelVersion | None:
        """The version that holds the alias, if any."""
        held = {m.name: m.aliases.get(CHAMPION) for m in self._registry.models()}.get(model)
        return None if held is None else self._registry.get(model, held)

    def check_alike(self, champion: ModelVersion, challenger: ModelVersion) -> None:
        """Raises `Conflict` when the two do not answer the same question, so that neither can stand in for the other."""
        mine, other = (self._endpoints.package(v.digest).signature for v in (challenger, champion))
        if (mine.task, mine.labels) != (other.task, other.labels):
            raise Conflict(
                f"{challenger} answers {mine.task} {list(mine.labels)}, {champion} {other.task} {list(other.labels)}: "
                "they cannot share traffic.",
                mend="Serve it at an endpoint of its own.",
                field="version",
            )

    def serve(self, model: str, rollout: Rollout | None) -> None:
        """Deploy the champion of a model, and the challenger of its rollout beside it; no change, no write."""
        champion = self.champion(model)
        if champion is None:
            return
        plan = self._lookup(champion)
        if rollout is None:
            self._endpoints.deploy(model, champion.number, champion.digest, plan or None)
            return
        challenger = self._registry.get(model, rollout.version)
        self._endpoints.deploy_variants(
            model,
            self._variants(rollout, champion, challenger, plan),
            plan or None,
            rollout=rollout.id,
            route_by=rollout.plan.by,
        )

    def repair(self, rollout: Rollout, active: Callable[[str], Rollout | None]) -> None:
        """Bring the endpoint along where a process died between the commit and the deployment."""
        self.serve(rollout.model, active(rollout.model))

    def _variants(
        self, rollout: Rollout, champion: ModelVersion, challenger: ModelVersion, plan: dict[str, Any] | None
    ) -> list[Variant]:
        from treadle.serving import Variant

        own = self._lookup(challenger)
        lookup = None if own == plan else (own or {})
        share = rollout.share
        if not share:
            return [
                Variant(champion.number, champion.digest, CHAMPION),
                Variant(challenger.number, challenger.digest, SHADOW, 0.0, shadow=True, lookup=lookup),
            ]
        return [
            Variant(champion.number, champion.digest, CHAMPION, 1 - share),
            Variant(challenger.number, challenger.digest, CHALLENGER, share, lookup=lookup),
        ]

    def _lookup(self, version: ModelVersion) -> dict[str, Any] | None:
        return self._registry.document(version.model, version.number, LOOKUP)
