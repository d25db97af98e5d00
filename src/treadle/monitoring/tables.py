"""A `Look` over tables in memory: to try monitors on a file, a notebook's frame or simulated traffic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Tables:
    """`answers` has the columns of `Observations.predictions`, `inputs` (default: the same table) `at` and the features.

    What else a window may ask is given as values; a monitor that needs something that is not given skips.
    """

    answers: pa.Table
    inputs: pa.Table | None = None
    released: datetime | None = None
    first: Mapping[str, float] = field(default_factory=dict)
    last_success: Mapping[str, timedelta | None] = field(default_factory=dict)
    ticks: Mapping[str, datetime | None] = field(default_factory=dict)
    stands_on: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    again: pa.Table | None = None

    def predictions(self, begin: datetime, end: datetime, columns: Sequence[str] | None = None) -> pa.Table:
        """The answers in a window."""
        found = _between(self.answers, begin, end)
        return found if columns is None else found.select([each for each in columns if each in found.column_names])

    def traffic(self, begin: datetime, end: datetime) -> int:
        """The number of answers in a window."""
        return _between(self.answers, begin, end).num_rows

    def features(self, begin: datetime, end: datetime, limit: int | None = None) -> pa.Table:
        """The inputs in a window, at most the first `limit`."""
        found = _between(self.answers if self.inputs is None else self.inputs, begin, end)
        return found if limit is None else found.slice(0, limit)

    def signals(self, begin: datetime, end: datetime, name: str) -> pa.Table:
        """A column of the answers of this name; nothing when there is none."""
        import pyarrow as pa

        found = _between(self.answers, begin, end)
        if name not in found.column_names:
            return pa.table({"id": pa.array([], pa.string()), "value": pa.array([], pa.float64())})
        return found.select(["id", name]).rename_columns(["id", "value"])

    def recomputed(self, sample: pa.Table) -> pa.Table | None:
        """The rows of `again` that have an id of the sample."""
        import pyarrow.compute as pc

        return None if self.again is None else self.again.filter(pc.field("id").isin(sample["id"].to_pylist()))

    def released_at(self) -> datetime | None:
        """As given."""
        return self.released

    def opening(self) -> Mapping[str, float]:
        """As given."""
        return self.first

    def stages(self) -> Mapping[str, timedelta | None]:
        """As given."""
        return self.last_success

    def materialised(self) -> Mapping[str, datetime | None]:
        """As given."""
        return self.ticks

    def dependencies(self) -> Mapping[str, Mapping[str, Any]]:
        """As given."""
        return self.stands_on


def _between(table: pa.Table, begin: datetime, end: datetime) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = pa.timestamp("us", "UTC")
    low, high = pa.scalar(begin, kind), pa.scalar(end, kind)
    return table.filter((pc.field("at") >= low) & (pc.field("at") < high))
