"""Tells that a model others depend on has changed, through the same outbox as alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.lineage import Lineage, Ref
from treadle.monitoring.alerts.outbox import Outbox

if TYPE_CHECKING:
    from treadle.registry import ModelVersion, Promotion

_MOST = 50  # names in one message


class Announcer:
    """Hangs on the registry: a move of an alias is told, with what was made with the version that it leaves.

    It is written in the transaction of the move, so a promotion that does not happen is not told.
    """

    def __init__(self, outbox: Outbox, lineage: Lineage) -> None:
        self._outbox = outbox
        self._lineage = lineage

    def on_version_created(self, version: ModelVersion) -> None:
        """A new version changes nothing for anybody yet."""

    def on_promoted(self, promotion: Promotion) -> None:
        """An alias moved, forward or back."""
        word = "rolled_back" if promotion.kind == "rollback" else "promoted"
        dependents = self.dependents(promotion)
        body = {
            "title": str(promotion),
            "summary": f"Made with the version before: {', '.join(dependents)}." if dependents else "",
            "model": promotion.model,
            "alias": promotion.alias,
            "from_version": promotion.from_version,
            "to_version": promotion.to_version,
            "by": promotion.who,
            "why": promotion.why,
            "dependents": dependents,
        }
        self._outbox.put(
            f"io.treadle.model.{word}", body, topic=f"model:{promotion.model}", about=f"model:{promotion.model}"
        )

    def dependents(self, promotion: Promotion) -> list[str]:
        """Dataset and model versions that were made with the version the alias leaves."""
        if promotion.from_version is None:
            return []
        left = Ref("model_version", f"{promotion.model}@{promotion.from_version}")
        made = [node for node in self._lineage.downstream(left).nodes if node != left]
        return [str(node) for node in made if node.kind in ("dataset_version", "model_version")][:_MOST]
