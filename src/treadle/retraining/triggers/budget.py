"""How much retraining a loop may do on its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from treadle.clock import duration
from treadle.errors import InvalidInput


@dataclass(frozen=True)
class Budget:
    """At most `runs` turns and `cost` in any span of `per`; what a run costs is its hours times `rate`.

    `cost` is in the unit of `rate`, which is the cost of an hour. Runs by hand count, but are never held back. The next run
    is expected to cost what the last finished one did; when nothing was spent within the span, one runs whatever it may cost.

    >>> Budget(runs=3, cost=6.0, rate=2.0).price(1_800.0)
    1.0
    """

    runs: int | None = None
    cost: float | None = None
    per: str | timedelta = "7d"
    rate: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "per", duration(self.per, field="per"))
        for name in ("runs", "cost"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not value > 0):
                raise InvalidInput(
                    f"A budget's {name} must be greater than zero, not {value!r}.",
                    mend=f"Leave {name} out for no bound, or declare no triggers at all.",
                    field=name,
                )
        if not self.rate >= 0:
            raise InvalidInput("A rate is the cost of an hour and not negative.", field="rate")

    @property
    def span(self) -> timedelta:
        """The span the bounds count in."""
        return self.per if isinstance(self.per, timedelta) else duration(self.per)

    def price(self, seconds: float) -> float:
        """What a run of so many seconds costs."""
        return seconds / 3_600.0 * self.rate
