"""What a live check looks at: one window of event time of one endpoint, beside what its model was released on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from treadle.clock import micros
from treadle.monitoring.watched import Watched

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from treadle.monitoring.reference import Reference

_DAY = 86_400_000_000


class Look(Protocol):
    """What a window can ask about the world; each question costs something only when a monitor asks it."""

    def predictions(self, begin: datetime, end: datetime, columns: Sequence[str] | None = None) -> pa.Table:
        """The window's predictions with their labels, as `Observations.predictions` gives them."""
        ...

    def traffic(self, begin: datetime, end: datetime) -> int:
        """How many predictions the endpoint made, whichever version answered; shadows do not count."""
        ...

    def features(self, begin: datetime, end: datetime, limit: int | None = None) -> pa.Table:
        """What the model read for them, as `Observations.features` gives it."""
        ...

    def signals(self, begin: datetime, end: datetime, name: str) -> pa.Table:
        """`id` and `value` of a signal about them, as `Observations.signals` gives it."""
        ...

    def recomputed(self, sample: pa.Table) -> pa.Table | None:
        """`id` and features of logged rows, worked out again by the code that made the training rows; None without such code."""
        ...

    def released_at(self) -> datetime | None:
        """When the version that answers was made."""
        ...

    def opening(self) -> Mapping[str, float]:
        """What was measured in the first window of the version that answers; empty while there is none."""
        ...

    def stages(self) -> Mapping[str, timedelta | None]:
        """How long ago each step of the pipeline last succeeded; None for never."""
        ...

    def materialised(self) -> Mapping[str, datetime | None]:
        """The instant as of which each feature view is in the online store; None for never."""
        ...

    def dependencies(self) -> Mapping[str, Mapping[str, Any]]:
        """What the release would stand on if it were made now: packages, columns, upstream."""
        ...


@dataclass(frozen=True)
class LiveWindow:
    """The predictions and labels of `[begin, end)` in event time that `version` gave.

    `reference` is what that version was released on; None for a model that was registered without.
    """

    begin: datetime
    end: datetime
    watched: Watched
    look: Look = field(repr=False, compare=False)
    reference: Reference | None = field(default=None, repr=False, compare=False)
    version: int | None = None
    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    @cached_property
    def predictions(self) -> pa.Table:
        """All that is known of the answers, with what turned out to be true."""
        return self.look.predictions(self.begin, self.end)

    @cached_property
    def answers(self) -> pa.Table:
        """Only at, score and outcome, or for several classes at, score, predicted and label: what most monitors read."""
        return self.look.predictions(self.begin, self.end, ("at", *self.judged))

    @property
    def judged(self) -> tuple[str, ...]:
        """The columns that say how good answers were."""
        return ("score", "predicted", "label") if self.watched.task == "multiclass" else ("score", "outcome")

    @property
    def truth(self) -> str:
        """The column of `answers` that says what turned out to be true."""
        return "label" if self.watched.task == "multiclass" else "outcome"

    @cached_property
    def features(self) -> pa.Table:
        """What the model read."""
        return self.look.features(self.begin, self.end)

    @cached_property
    def latencies(self) -> pa.Table:
        """Only the latency of the predictions, in seconds."""
        return self.look.predictions(self.begin, self.end, ("latency",))

    @property
    def rows(self) -> int:
        """How many predictions there are."""
        return self.answers.num_rows

    @cached_property
    def labels(self) -> int:
        """How many of them have their label."""
        column = self.answers[self.truth]
        return len(column) - column.null_count

    @property
    def first_day(self) -> int:
        """The day since 1970-01-01 UTC in which the window begins."""
        return micros(self.begin) // _DAY

    @property
    def days(self) -> int:
        """How many days the window touches."""
        return -(-micros(self.end) // _DAY) - self.first_day

    def day_of(self, table: pa.Table) -> np.ndarray:
        """Each row's day since 1970-01-01 UTC, shape (n,)."""
        from treadle.monitoring.reference import day_numbers

        return day_numbers(table["at"])[0]

    def about(self) -> dict[str, Any]:
        """The part of every verdict's detail that says what was looked at."""
        return {
            "begin": self.begin.isoformat(),
            "end": self.end.isoformat(),
            "rows": self.rows,
            "version": self.version,
        }
