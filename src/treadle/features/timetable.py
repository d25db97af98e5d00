"""A timetable: what materialising a view would write at every tick of a stretch of time, worked out together.

Materialising asks the whole source anew at each tick. Over a year of hours that is thousands of questions whose answers hardly
differ, so here history is asked once: for each key at the ticks at which anything about it can change. The history is the one that
training reads, so replayed, backfilled and live features cannot differ.
"""

from __future__ import annotations

from datetime import datetime

from treadle.clock import Clock, as_utc, from_micros, micros
from treadle.datasets import DatasetVersion, Engine
from treadle.errors import InvalidInput
from treadle.features.changes import Changes, changes_between
from treadle.features.layout import Layout
from treadle.features.materialization import Materialization
from treadle.features.online import OnlineStore, refuse_backwards
from treadle.features.ticks import Ticks

LINES = 500_000  # about how many changes are held at a time


class Timetable:
    """The materialisations of one view at many ticks; `apply` writes those of one tick to the online store.

    Made by `FeatureStore.timetable`. The changes are worked out for as many ticks at a time as fit into memory, the first of them
    when it is made. Use one timetable from one thread.
    """

    def __init__(
        self,
        engine: Engine,
        online: OnlineStore,
        layout: Layout,
        version: DatasetVersion,
        ticks: Ticks,
        *,
        clock: Clock,
        lines: int | None = None,
    ) -> None:
        self.view, self.version, self.ticks = layout.view, version, ticks
        self._engine, self._online, self._layout, self._clock = engine, online, layout, clock
        self._lines, self._span = lines or LINES, ticks.last - ticks.first
        self._changes = self._from(ticks.first)
        self._table = layout.view.table

    def apply(self, t: datetime, *, backwards: bool = False) -> Materialization:
        """Bring the online store to what `materialize(view, t)` would write there: `t` is rounded down to its tick.

        Only what changed since the tick that the store holds is written, in one transaction; where it holds none of this timetable,
        everything is. Applying a tick twice changes nothing, and after a crash one goes on from any tick. Raises `Conflict` when
        the store already holds a later instant, unless `backwards`, and `InvalidInput` outside the timetable.
        """
        started, moment = self._clock.monotonic(), self.ticks.before(micros(as_utc(t)))
        if not self.ticks.first <= moment <= self.ticks.last:
            raise InvalidInput(
                f"The timetable of {self.view.name!r} ends before {t.isoformat()}."
                if moment > self.ticks.last
                else f"The timetable of {self.view.name!r} begins after {t.isoformat()}.",
                mend=f"It goes from {from_micros(self.ticks.first).isoformat()} to {from_micros(self.ticks.last).isoformat()}.",
                field="t",
            )
        held = self._online.tick(self._table)
        if held is not None:
            refuse_backwards(held, moment, backwards)
        if not self._changes.first <= moment <= self._changes.last:
            self._changes = self._from(moment)
        entities = self._go_on(None if held is None else held.as_of, moment)
        if entities is None:
            kept, _ = self._changes.between(None, moment)
            origin = origin_of(self.version)
            entities = self._online.write(self._table, kept.items(), moment, origin=origin, backwards=backwards)
        seconds = self._clock.monotonic() - started
        return Materialization(self.view.name, from_micros(moment), entities, seconds, str(self.version), self._table)

    def _go_on(self, since: int | None, moment: int) -> int | None:
        """Write what changed since the tick the store holds; None when it holds something else."""
        if since is None or not self._changes.first <= since <= moment:
            return None
        kept, gone = self._changes.between(since, moment)
        origin = origin_of(self.version)
        tick = self._online.change(self._table, kept.items(), gone, moment, since=since, origin=origin)
        return None if tick is None else tick.entities

    def _from(self, first: int) -> Changes:
        """The changes from the tick `first` on; asks for about as many ticks as were held the last time."""
        last = min(self.ticks.before(first + self._span), self.ticks.last)
        found = changes_between(
            self._engine, self._layout, self.version, Ticks(first, last, self.ticks.step), self._lines
        )
        self._span = 2 * (found.last - first) if found.last < last else self._span
        return found


def origin_of(version: DatasetVersion) -> str:
    """What the online store keeps of a dataset version: its name and the fingerprint of its rows."""
    return f"{version} {version.fingerprint}"
