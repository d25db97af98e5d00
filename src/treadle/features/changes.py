"""How the materialised records of a view change from tick to tick.

Between two ticks a key's record can only change when a row of it comes to be seen, is replaced by a later version, leaves a window,
or grows older than the time to live. Those ticks are asked of history; at all others the record is what it was.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from treadle.datasets import DatasetVersion, Engine, Session
from treadle.features.history import ticks_sql
from treadle.features.layout import Layout
from treadle.features.online import Record
from treadle.features.prepared import compare, prepare
from treadle.features.records import records_of
from treadle.features.rows import keys
from treadle.features.ticks import Ticks


@dataclass(frozen=True)
class Changes:
    """The records of a view at the ticks from `first` to `last` at which they may have changed, in the order of the ticks.

    `ticks` holds the tick of each line (int64 microseconds), `gone` whether the key is of no use any more, `lines` the records as a
    snapshot has them. At `first` there is a line for every key.
    """

    first: int
    last: int
    layout: Layout
    ticks: np.ndarray
    gone: np.ndarray
    lines: pa.Table

    def between(self, since: int | None, until: int) -> tuple[dict[bytes, Record], list[bytes]]:
        """The newest record of each key that changed after `since` (or ever) up to `until`; and the keys that are gone."""
        begin = 0 if since is None else int(np.searchsorted(self.ticks, since, side="right"))
        end = int(np.searchsorted(self.ticks, until, side="right"))
        kept: dict[bytes, Record] = {}
        gone: dict[bytes, None] = {}
        found = records_of(self.lines.slice(begin, end - begin), self.layout)
        for (key, record), over in zip(found, self.gone[begin:end].tolist(), strict=True):
            if over:
                kept.pop(key, None)
                gone[key] = None
            else:
                kept[key] = record
                gone.pop(key, None)
        return kept, list(gone)


def changes_between(engine: Engine, layout: Layout, version: DatasetVersion, ticks: Ticks, limit: int) -> Changes:
    """The changes at `ticks`, or at so many of the first of them that there are about `limit` lines."""
    with engine.session({"source": version}) as session:
        facts = prepare(session, layout, ticks.first, ticks.last)
        session.execute(f"CREATE TEMP TABLE asked AS {points_sql(layout, ticks)}")
        last = _cut(session, ticks, limit)
        found = session.query(ticks_sql(layout, compare(session, layout, facts))).combine_chunks()
    moments, gone = (found[name].to_numpy() for name in ("tick", "gone"))
    return Changes(ticks.first, last, layout, moments, gone, found.drop_columns(["tick", "gone"]))


def points_sql(layout: Layout, ticks: Ticks) -> str:
    """SQL for the distinct `k0…`, `tick` at which a record may change; reads the tables `rows0`, `rows1`."""
    ks, step, ttl = ", ".join(keys(layout)), ticks.step, layout.view.ttl_us
    parts = []
    for index, group in enumerate(layout.groups):
        moments = {"s": "true", "z": "z IS NOT NULL"}
        for over in sorted({a.over_us for a in group.aggregates if a.over_us is not None}):
            moments[f"e + {over}"] = f"e + {over} > s"
        if ttl is not None:
            moments[f"e + {ttl + 1}"] = f"e + {ttl + 1} > s"
        parts += [f"SELECT {ks}, {moment} AS m FROM rows{index} WHERE {when}" for moment, when in moments.items()]
    tick = f"greatest(m + ({step} - m % {step}) % {step}, {ticks.first})"  # the first tick not before m
    return f"SELECT DISTINCT {ks}, {tick} AS tick FROM ({' UNION ALL '.join(parts)}) WHERE m <= {ticks.last}"


def _cut(session: Session, ticks: Ticks, limit: int) -> int:
    """Leave points of so many ticks that they are at most `limit`, of one at least; the last of these ticks."""
    if session.rows("SELECT count(*) FROM asked")[0][0] <= limit:
        return ticks.last
    total = "SELECT tick, sum(count(*)) OVER (ORDER BY tick) AS total FROM asked GROUP BY tick"
    fitting = session.rows(f"SELECT min(tick) FROM ({total}) WHERE total > {limit}")[0][0] - ticks.step
    last = max(ticks.first, fitting)
    session.execute(f"DELETE FROM asked WHERE tick > {last}")
    return last
