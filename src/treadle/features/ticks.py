"""The instants at which a view is materialised: whole steps of its cadence since 1970-01-01 UTC."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from treadle.clock import as_utc, duration, from_micros, micros
from treadle.errors import InvalidInput
from treadle.features.aggregates import in_micros, span_text
from treadle.features.view import FeatureView


@dataclass(frozen=True)
class Ticks:
    """The instants from `first` to `last`, both included, `step` apart; all in microseconds since 1970 UTC.

    >>> ticks = Ticks(0, 7_200_000_000, 3_600_000_000)
    >>> len(ticks), ticks.before(5_000_000_000)
    (3, 3600000000)
    """

    first: int
    last: int
    step: int

    @classmethod
    def of(cls, view: FeatureView, begin: datetime, end: datetime, every: str | timedelta | None) -> Ticks:
        """The ticks of a view between two instants, which are rounded down; raises `InvalidInput` where there are none."""
        cadence = view.every_us
        step = cadence if every is None else in_micros(duration(every, field="every"))
        if step is None:
            raise InvalidInput(
                f"Feature view {view.name!r} has no cadence.", mend='Give one: every="1h".', field="every"
            )
        if step < 1 or (cadence is not None and step % cadence):
            whole = (
                "" if view.every is None else f" whole steps of {span_text(view.every)}, the cadence of {view.name!r}"
            )
            raise InvalidInput(f"{every!r} is no cadence.", mend=f"Give{whole or ' a positive span'}.", field="every")
        first, last = (micros(as_utc(moment)) // step * step for moment in (begin, end))
        if last < first:
            raise InvalidInput("The end lies before the beginning.", mend="Swap begin and end.", field="end")
        return cls(first, last, step)

    def before(self, moment: int) -> int:
        """The last tick not after an instant."""
        return moment // self.step * self.step

    def __len__(self) -> int:
        return (self.last - self.first) // self.step + 1

    def __iter__(self) -> Iterator[datetime]:
        return (from_micros(tick) for tick in range(self.first, self.last + 1, self.step))
