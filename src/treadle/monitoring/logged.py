"""What the models read, from the frames of the prediction log."""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from treadle.clock import from_micros
from treadle.database import Row
from treadle.monitoring.days import DAY
from treadle.monitoring.framed import joined, table_of
from treadle.monitoring.store import Store
from treadle.monitoring.windowing import Window, chosen

if TYPE_CHECKING:
    import pyarrow as pa

REACH = 28
"""A sample comes from at least so many requests, where there are so many: one large request is no window."""
REMEMBERED = 100_000
"""So many rows are kept as tables: windows of weeks that move on by a day are mostly made of days that were read before."""


class Logged:
    """Reads what the models read. Safe for several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._days: OrderedDict[tuple[object, ...], pa.Table] = OrderedDict()
        self._lock = threading.Lock()

    def features(
        self,
        observed: int,
        folder: Path,
        window: Window,
        versions: Collection[int] | None,
        variants: Collection[str] | None,
        limit: int | None,
    ) -> pa.Table:
        """See `Observations.features`."""
        schemas = chosen(self._store.schemas(observed), versions, variants)
        frames = self._store.database.read(
            "SELECT key, segment, position, after, schema, rows_kept, rows_logged, first_at, last_at FROM log_frames "
            "WHERE observed = :observed AND last_at >= :begin AND first_at < :end AND rows_kept > 0 "
            "ORDER BY segment, position",
            observed=observed,
            begin=window.begin,
            end=window.end,
        )
        frames = [frame for frame in frames if frame["schema"] in schemas]
        if limit is not None and sum(frame["rows_kept"] for frame in frames) > limit:
            frames = _spread(frames, limit)
            found = table_of(folder, frames, schemas, _doubled(self._store, observed, frames))
        else:
            days = defaultdict(list)
            for frame in frames:
                days[frame["first_at"] // DAY].append(frame)
            found = joined([self._day(observed, folder, day, schemas) for day in days.values()])
        found = _within(found, window)
        return found if limit is None else _thinned(found, limit)

    def _day(self, observed: int, folder: Path, frames: list[Row], schemas: dict[int, Row]) -> pa.Table:
        """The rows of some requests; what a request logged never changes, only how many of its rows count."""
        key = (observed, folder, *((frame["key"], frame["rows_kept"]) for frame in frames))
        with self._lock:
            if key in self._days:
                self._days.move_to_end(key)
                return self._days[key]
        table = table_of(folder, frames, schemas, _doubled(self._store, observed, frames))
        with self._lock:
            self._days[key] = table
            kept = sum(each.num_rows for each in self._days.values())
            while kept > REMEMBERED:
                kept -= self._days.popitem(last=False)[1].num_rows
        return table


def _spread(frames: list[Row], limit: int) -> list[Row]:
    """About as many requests as hold so many rows, but no fewer than `REACH`: those that evenly spread rows are in."""
    import numpy as np

    ends = np.cumsum([frame["rows_kept"] for frame in frames])
    wanted = min(limit, max(REACH, -(-limit * len(frames) // int(ends[-1]))))
    places = np.searchsorted(ends, np.linspace(0, ends[-1] - 1, wanted), side="right")
    return [frames[place] for place in np.unique(places)]


def _within(table: pa.Table, window: Window) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    begin, end = (pa.scalar(from_micros(at), table["at"].type) for at in (window.begin, window.end))
    return table.filter((pc.field("at") >= begin) & (pc.field("at") < end))


def _thinned(table: pa.Table, limit: int) -> pa.Table:
    import numpy as np

    if table.num_rows <= limit:
        return table
    return table.take(np.linspace(0, table.num_rows - 1, limit).astype(np.int64))


def _doubled(store: Store, observed: int, frames: list[Row]) -> dict[int, set[str]]:
    """For requests of which some rows had an id that was taken already: the ids that count."""
    return {
        frame["key"]: {
            row["id"]
            for row in store.database.read(
                "SELECT id FROM predictions WHERE observed = :observed AND frame = :frame AND at >= :first AND at <= :last",
                observed=observed,
                frame=frame["key"],
                first=-(2**62),
                last=2**62,
            )
        }
        for frame in frames
        if frame["rows_kept"] < frame["rows_logged"]
    }
