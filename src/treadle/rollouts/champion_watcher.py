"""What the registry tells the rollouts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from treadle.registry import Promotion
    from treadle.rollouts.rollouts import Rollouts


class ChampionWatcher:
    """Tells the rollouts, inside the same transaction, that a person or a turn moved the champion."""

    def __init__(self, rollouts: Callable[[], Rollouts]) -> None:
        self._rollouts = rollouts

    def on_version_created(self, version: object) -> None:
        """A new version is in no rollout yet."""

    def on_promoted(self, promotion: Promotion) -> None:
        """An alias moved."""
        self._rollouts().champion_moved(promotion)
