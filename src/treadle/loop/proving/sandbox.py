"""A small copy of a loop over a sample of its own rows, in a folder that is thrown away."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from treadle.clock import as_utc
from treadle.datasets import Source, parquet, quoted
from treadle.errors import NotFound
from treadle.features import FeatureView
from treadle.rollouts import AtOnce

if TYPE_CHECKING:
    import pyarrow as pa

    from treadle.loop.declaration import Loop
    from treadle.loop.turn import Rooms, Turn

Elsewhere = Callable[[Path], AbstractContextManager["Rooms"]]
"""Opens the rooms of a project in another folder."""

ROWS = 4_000  # of the loop's own source: enough for every split part to hold every class, few enough for seconds
OTHERS = 20_000  # of each further source
BEFORE = timedelta(days=8)  # history of further sources, for windows that reach back
# What judges how good a model is: on so few rows the answer would be chance.
QUALITY = ("better_than_baseline", "not_worse_than_champion", "better_than_simple", "calibrated")


@dataclass(frozen=True)
class Sandbox:
    """The small loop, the rooms it is turned in, and the business moment it is looked at from."""

    loop: Loop
    rooms: Rooms
    as_of: datetime
    rows: int

    def turn(self, loop: Loop | None = None, *, use_cache: bool = False) -> Turn:
        """Turn it once."""
        from treadle.loop.turn import turn_loop

        moment = self.as_of if self.loop.source.time is not None else None
        return turn_loop(loop or self.loop, self.rooms, as_of=moment, trigger="rehearsal", use_cache=use_cache)


@contextmanager
def sandbox(loop: Loop, rooms: Rooms, elsewhere: Elsewhere) -> Iterator[Sandbox]:
    """A sandbox of `loop`; raises `NotFound` while its source was never read."""
    with tempfile.TemporaryDirectory(prefix="treadle-sandbox-") as name:
        folder = Path(name)
        (folder / "treadle.toml").write_text('[project]\nname = "sandbox"\n', "utf-8")
        rows = _newest(loop.source, rooms, ROWS)
        end = _last_moment(rows, loop.source)
        samples = {loop.source.name: rows}
        for source in loop.sources[1:]:
            samples[source.name] = _newest(source, rooms, OTHERS, begin=_first_moment(rows, loop.source), end=end)
        sources = {source.name: _kept(source, samples[source.name], folder) for source in loop.sources}
        as_of = rooms.clock.now() if end is None else min(rooms.clock.now(), end + loop.label.settles)
        with elsewhere(folder) as inner:
            yield Sandbox(_small(loop, sources), inner, as_of, rows.num_rows)


def with_views(loop: Loop, views: dict[str, FeatureView]) -> Loop:
    """A copy of the loop in which the views of these names are replaced."""
    made = copy.copy(loop)
    made.features = tuple(views[f.name] if isinstance(f, FeatureView) else f for f in loop.features)
    made.views = tuple(f for f in made.features if isinstance(f, FeatureView))
    return made


def _small(loop: Loop, sources: dict[str, Source]) -> Loop:
    views = {view.name: _moved(view, sources[view.source.name]) for view in loop.views}
    made = with_views(loop, views)
    made.source = sources[loop.source.name]
    made.gates = ()
    made.without = QUALITY
    made.rollout = AtOnce()
    made.search = None if loop.search is None else replace(loop.search, trials=1, timeout=None)
    return made


def _moved(view: FeatureView, source: Source) -> FeatureView:
    made = copy.copy(view)
    object.__setattr__(made, "source", source)
    return made


def _kept(source: Source, rows: pa.Table, folder: Path) -> Source:
    from pyarrow.parquet import write_table

    name = f"{source.name}.parquet"
    write_table(rows, folder / name)
    return replace(source, reader=parquet(name))


def _newest(
    source: Source, rooms: Rooms, most: int, *, begin: datetime | None = None, end: datetime | None = None
) -> pa.Table:
    """The newest rows that have happened by now, at most `most`."""
    version = rooms.datasets.get(source.name)
    order = f"{quoted(source.time)} DESC, " if source.time else ""
    order += ", ".join(quoted(name) for name in source.key)
    where, params = "true", dict[str, Any]()
    if source.time:
        params["end"] = min(rooms.clock.now(), end) if end else rooms.clock.now()
        where = f"{quoted(source.time)} <= $end"
        if begin is not None:
            params["begin"] = begin - BEFORE
            where += f" AND {quoted(source.time)} > $begin"
    with rooms.engine.session({"source": version}) as session:
        found = session.query(f"SELECT * FROM source WHERE {where} ORDER BY {order} LIMIT {most}", params)
    if not found.num_rows:
        raise NotFound(f"The source {source.name!r} has no rows by now.", mend="Run the loop once: treadle run")
    return found


def _first_moment(rows: pa.Table, source: Source) -> datetime | None:
    return _moment(rows, source, "min")


def _last_moment(rows: pa.Table, source: Source) -> datetime | None:
    return _moment(rows, source, "max")


def _moment(rows: pa.Table, source: Source, which: Literal["min", "max"]) -> datetime | None:
    if source.time is None:
        return None
    moments = [moment for moment in rows[source.time].to_pylist() if moment is not None]
    found = (min if which == "min" else max)(moments)
    return as_utc(found) if isinstance(found, datetime) else None
