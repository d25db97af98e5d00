"""Serving follows an alias: wherever the champion is moved, by a turn, a person or a rollback, its endpoint goes along."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from treadle.database import Database
    from treadle.registry import ModelVersion, Promotion, Registry
    from treadle.rollouts import Rollouts
    from treadle.serving import Endpoints

FOLLOWED = "champion"
LOOKUP = "lookup"  # the document of a version that says how its online features are looked up


class EndpointFollower:
    """Points the endpoint named after a model at its champion, once the promotion has committed."""

    def __init__(
        self,
        database: Database,
        endpoints: Endpoints,
        registry: Callable[[], Registry],
        rollouts: Callable[[], Rollouts] | None = None,
    ) -> None:
        self._database = database
        self._endpoints = endpoints
        self._registry = registry
        self._rollouts = rollouts

    def on_version_created(self, version: ModelVersion) -> None:
        """A new version serves nobody yet."""

    def on_promoted(self, promotion: Promotion) -> None:
        """The champion moved, forward or back."""
        if promotion.alias == FOLLOWED:
            self._database.after_commit(lambda: self.follow(promotion.model))

    def follow(self, model: str) -> None:
        """Deploy the champion of `model` (and its challenger beside it); changes nothing when that is served already."""
        if self._rollouts is not None:
            self._rollouts().serve(model)
            return
        registry = self._registry()
        champion = registry.get(model, FOLLOWED)
        plan = registry.document(model, champion.number, LOOKUP)
        self._endpoints.deploy(model, champion.number, champion.digest, plan or None)
