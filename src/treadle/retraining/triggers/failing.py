"""On a failing monitor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from treadle.clock import duration
from treadle.errors import InvalidInput
from treadle.evidence import Check
from treadle.retraining.occurrence import Look, Occurrence
from treadle.retraining.situation import Situation


@dataclass(frozen=True)
class OnFailing:
    """Turn the loop when a monitor fails: once for each time it begins to, however long it lasts.

    With `again_after`, a failure that lasts asks again each time that span of business time has gone by. Raises
    `InvalidInput` for what is no monitor.

    >>> from treadle.monitoring import Drift
    >>> OnFailing(Drift(), again_after="7d").name
    'on_failing(drift)'
    """

    check: Check[Any]
    again_after: str | timedelta | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.check, Check):
            raise InvalidInput(
                f"OnFailing takes the monitor itself, not {self.check!r}.",
                mend="Name it first: monitors=[drift := td.checks.Drift()], retrain=[td.triggers.OnFailing(drift)].",
                field="check",
            )
        if self.again_after is not None:
            object.__setattr__(self, "again_after", duration(self.again_after, field="again_after"))

    @property
    def name(self) -> str:
        """For example `on_failing(drift(temp))`."""
        return f"on_failing({self.check.name})"

    def look(self, situation: Situation) -> Look:
        """The episode that lasts, if its newest verdict is younger than the last turn and so speaks of what came of it."""
        found = situation.failing.get(self.check.name)
        if found is None:
            verdict = situation.passing.get(self.check.name)
            return Look(self.name, f"the monitor {verdict}" if verdict else "the monitor has no verdict yet")
        if situation.answered(found.latest):
            return Look(self.name, "the failure was seen by the last turn; waiting for the next verdict")
        rounds = 0
        if isinstance(self.again_after, timedelta):
            rounds = max(0, int((found.latest - found.since) / self.again_after))
        reason = f"{self.check.name} fails since {found.since:%Y-%m-%d %H:%M} UTC: {found.summary}"
        occurrence = Occurrence(f"{self.name}:{found.episode}:{rounds}", self.name, reason, found.latest)
        return Look(self.name, f"the monitor fails since {found.since:%Y-%m-%d %H:%M} UTC", (occurrence,))
