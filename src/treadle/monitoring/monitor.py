"""A check that looks at live traffic again and again, one window of event time after the other."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Literal

from treadle.clock import duration
from treadle.errors import InvalidInput
from treadle.evidence import Check, Reaction, Stage
from treadle.monitoring.window import LiveWindow

Severity = Literal["info", "warning", "critical"]
_YEAR = timedelta(days=365)
_OVERLAP = 3


@dataclass(frozen=True)
class Monitor(Check[LiveWindow]):
    """A check of windows `over` so long, one ending `every` so often; `severity` is that of the alert a failure raises."""

    stage: ClassVar[Stage] = "live"
    needs_labels: ClassVar[bool] = False
    over: str | timedelta = dataclasses.field(default="7d", kw_only=True)
    every: str | timedelta = dataclasses.field(default="1d", kw_only=True)
    severity: Severity = dataclasses.field(default="warning", kw_only=True)
    reaction: Reaction = dataclasses.field(default="warn", kw_only=True)

    def __post_init__(self) -> None:
        duration(self.over, field="over")
        duration(self.every, field="every")
        if self.severity not in ("info", "warning", "critical"):
            raise InvalidInput(
                f"{self.severity!r} is not a severity.", mend="Choose info, warning or critical.", field="severity"
            )

    @property
    def length(self) -> timedelta:
        """How long a window is."""
        return duration(self.over, field="over")

    @property
    def step(self) -> timedelta:
        """How long after one window's end the next one ends."""
        return duration(self.every, field="every")

    @property
    def days(self) -> int:
        """How many whole days a window has, at least one."""
        return max(1, self.length // timedelta(days=1))

    def level(self, false_alarms: float) -> float:
        """The chance of a false alarm that one window may have for at most so many a year.

        Windows that overlap see mostly the same days: a year of them gives as many independent chances as `_OVERLAP` times as
        many windows that do not (an estimate), or as there are windows, when those are fewer.

        >>> from treadle.monitoring import Drift
        >>> round(Drift().level(0.5), 4)
        0.0032
        """
        apart = max(self.length / _OVERLAP, self.step)
        return min(0.5, false_alarms * (apart / _YEAR))

    def _parameter(self, field: dataclasses.Field[object]) -> str:
        return "" if field.name == "severity" else super()._parameter(field)
