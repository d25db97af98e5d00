"""Arrivals: how many labelled rows a loop's source has gained since a moment."""

from __future__ import annotations

import glob
import threading
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from treadle.clock import micros
from treadle.datasets import Frame, quoted
from treadle.errors import NotFound, TreadleError

if TYPE_CHECKING:
    import numpy as np

    from treadle.datasets import Datasets, DatasetVersion, Engine, Source
    from treadle.loop.declaration import Loop

_Stamps = tuple[tuple[str, int, int], ...]


class Arrivals:
    """Counts over the newest dataset version, reading the source's files again only when one of them was written."""

    def __init__(self, datasets: Datasets, engine: Engine, root: Path) -> None:
        self._datasets = datasets
        self._engine = engine
        self._root = root
        self._seen: dict[str, _Stamps] = {}
        self._known: tuple[object, np.ndarray] | None = None
        self._lock = threading.Lock()

    def count(self, loop: Loop, since: datetime | None, now: datetime) -> int:
        """Labelled rows whose label became visible and final after `since` and up to `now`; all of them without `since`.

        A source without times counts what its newest version has more than the one of then. Raises what reading raises.
        """
        version = self._newest(loop.source)
        if loop.source.time is not None:
            return self._labelled(loop, version, since, now)
        before = 0
        if since is not None:
            with suppress(NotFound):  # no version yet then, or its rows expired
                before = self._labelled(loop, self._datasets.at(loop.source.name, since), None, now)
        return max(0, self._labelled(loop, version, None, now) - before)

    def _labelled(self, loop: Loop, version: DatasetVersion, since: datetime | None, now: datetime) -> int:
        finals = self._finals(loop, version)
        first = 0 if since is None else int(finals.searchsorted(micros(since), side="right"))
        return max(0, int(finals.searchsorted(micros(now), side="right")) - first)

    def _finals(self, loop: Loop, version: DatasetVersion) -> np.ndarray:
        """When each label became final, sorted, in microseconds, shape (labelled rows,): a count is asked for at every tick."""
        source = loop.source
        key = (str(version), loop.name, loop.label.column, source.time, source.created, loop.label.settles)
        with self._lock:
            if self._known is not None and self._known[0] == key:
                return self._known[1]
        final = "CAST(0 AS BIGINT)"
        if source.time is not None:
            event = f"epoch_us({quoted(source.time)})"
            visible = f"coalesce(epoch_us({quoted(source.created)}), {event})" if source.created else event
            final = f"greatest({visible}, {event} + {int(loop.label.settles.total_seconds() * 1_000_000)})"
        sql = f"SELECT {final} AS final FROM source WHERE {quoted(loop.label.column)} IS NOT NULL ORDER BY 1"
        found = self._engine.query(sql, {"source": version})["final"].to_numpy()
        with self._lock:
            self._known = (key, found)
        return found

    def _newest(self, source: Source) -> DatasetVersion:
        stamps = self._stamps(source)
        with self._lock:
            known = self._seen.get(source.name)
        if known is not None and known == stamps:
            return self._datasets.get(source.name)
        try:
            version = self._datasets.ingest(source, root=self._root).version
        except TreadleError:
            # What is wrong with the files is for validation to say; until then the rows there were still count.
            return self._datasets.get(source.name)
        with self._lock:
            self._seen[source.name] = stamps
        return version

    def _stamps(self, source: Source) -> _Stamps:
        """Name, size and time of change of every file the source means; rows in memory never change."""
        reader = source.reader
        if isinstance(reader, Frame):
            return (("", id(reader.rows), 0),)
        found = []
        for pattern in reader.patterns:
            for name in sorted(glob.glob(str(self._root / Path(pattern).expanduser()), recursive=True)):
                with suppress(OSError):
                    status = Path(name).stat()
                    found.append((name, status.st_size, status.st_mtime_ns))
        return tuple(found)
