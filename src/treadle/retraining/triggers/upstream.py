"""On a new version of a model this one depends on."""

from __future__ import annotations

from dataclasses import dataclass

from treadle.errors import InvalidInput
from treadle.retraining.occurrence import Look, Occurrence
from treadle.retraining.situation import Situation


@dataclass(frozen=True)
class OnUpstream:
    """Turn the loop when an alias of another model moves: its predictions are this model's input.

    >>> from datetime import UTC, datetime
    >>> from treadle.retraining.situation import Upstream
    >>> moved = {"taxi-time@champion": Upstream(4, "m1", datetime(2013, 1, 2, tzinfo=UTC))}
    >>> now = Situation(datetime(2013, 1, 3, tzinfo=UTC), datetime(2013, 1, 1, tzinfo=UTC), upstream=moved)
    >>> OnUpstream("taxi-time").look(now).occurrences[0].reason
    'taxi-time@champion became version 4'
    """

    model: str
    alias: str = "champion"

    def __post_init__(self) -> None:
        if not isinstance(self.model, str) or not self.model:
            raise InvalidInput("OnUpstream needs the name of a registered model.", field="model")

    @property
    def name(self) -> str:
        """For example `on_upstream(taxi-time@champion)`."""
        return f"on_upstream({self.target})"

    @property
    def target(self) -> str:
        """The alias as people write it."""
        return f"{self.model}@{self.alias}"

    def look(self, situation: Situation) -> Look:
        """The newest move of the alias, if the last turn did not know it."""
        found = situation.upstream.get(self.target)
        if found is None:
            return Look(self.name, f"there is no {self.target} yet")
        says = f"{self.target} is version {found.version} since {found.at:%Y-%m-%d %H:%M} UTC"
        if situation.last_turn is None or situation.answered(found.at):
            return Look(self.name, says)
        reason = f"{self.target} became version {found.version}"
        key = f"{self.name}:{found.version}:{found.move}"
        return Look(self.name, says, (Occurrence(key, self.name, reason, found.at),))
