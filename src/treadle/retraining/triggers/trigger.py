"""What every trigger can do."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from treadle.retraining.occurrence import Look
from treadle.retraining.situation import Situation


@runtime_checkable
class Trigger(Protocol):
    """A reason to turn a loop again. It knows no store and no clock, and remembers nothing: occasions have names instead."""

    @property
    def name(self) -> str:
        """Stable and unique among the triggers of a loop."""
        ...

    def look(self, situation: Situation) -> Look:
        """The occasions there are since the last turn, whether or not they were acted on before."""
        ...
