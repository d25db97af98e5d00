"""On a change of the loop's declaration or code."""

from __future__ import annotations

from dataclasses import dataclass

from treadle.retraining.occurrence import Look, Occurrence
from treadle.retraining.situation import Situation


@dataclass(frozen=True)
class OnCodeChange:
    """Turn the loop when its declaration, or the code it names, is not that of the last turn.

    >>> from datetime import UTC, datetime
    >>> first = datetime(2013, 1, 1, tzinfo=UTC)
    >>> OnCodeChange().look(Situation(now=first, last_turn=first, code="b1", last_code="a1")).says
    'the code differs from that of the last turn'
    """

    @property
    def name(self) -> str:
        """Always `on_code_change`."""
        return "on_code_change"

    def look(self, situation: Situation) -> Look:
        """One occasion for each state of the code after each turn that got through.

        A run that was refused its data answers too but leaves no code behind: it must make no new occasion of the same change.
        """
        if not situation.last_code or situation.last_turn is None:
            return Look(self.name, "no turn is on record to compare with")
        if situation.code == situation.last_code:
            return Look(self.name, "the code is that of the last turn")
        reason = f"the loop's declaration or code changed ({situation.last_code[:8]} → {situation.code[:8]})"
        key = f"{self.name}:{situation.code} after {(situation.last_coded or situation.last_turn).isoformat()}"
        says = "the code differs from that of the last turn"
        return Look(self.name, says, (Occurrence(key, self.name, reason, situation.now),))
