"""Where metric points go: appended at once, then settled into series.

Logging appends one row that holds everything one call said, and is durable when it returns: nothing is looked up, no index is
touched. Settling moves arrivals into the series (whose newest values are what a search reads) and packs their points into
segments; it happens before anything is read and whenever enough has come together. One transaction takes the arrivals away and
puts the points in, so that a crash anywhere leaves each point in exactly one of the two places.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

from treadle.database import Database
from treadle.tracking.points import Logged, Packed, decode, encode, newest, pack, rank, unpack

SETTLE_AFTER = 50_000  # points logged by this process since it last settled
FULL = 4_096  # points in a segment that is not touched again

_APPEND = "INSERT INTO arrivals (project, run, body) VALUES (:project, :run, :body)"
_TAKE = "DELETE FROM arrivals WHERE project = :project RETURNING run, body"
_COUNT = (
    "UPDATE series SET points = points + :points WHERE run = :run AND name = :name RETURNING key, step, time, value"
)
_BEGIN = """
INSERT INTO series (project, experiment, run, name, points, step, time, value)
SELECT :project, experiment, key, :name, :points, :step, :time, :value FROM runs WHERE key = :run
ON CONFLICT (run, name) DO UPDATE SET points = series.points + excluded.points
RETURNING key, step, time, value
"""
_RENEW = "UPDATE series SET step = :step, time = :time, value = :value WHERE key = :key"


class Journal:
    """The metric points of one project."""

    def __init__(self, database: Database, project: str) -> None:
        self._database = database
        self._project = project
        self._since = 0

    def append(self, run: int, points: list[Logged]) -> None:
        """Keep what one call logged; durable when this returns."""
        if self._since >= SETTLE_AFTER:  # before, not after: an error must mean that these points were not kept
            self.settle()
        self._database.execute(_APPEND, {"project": self._project, "run": run, "body": encode(points)})
        self._since += len(points)

    def settle(self) -> int:
        """Move what has arrived into its series; how many calls it came from. What arrives meanwhile waits for the next time."""
        self._since = 0
        if not self._database.one(
            "SELECT 1 AS x FROM arrivals WHERE project = :project LIMIT 1", project=self._project
        ):
            return 0
        with self._database.transaction():
            self._database.lock(f"settle:{self._project}")  # two processes must not fill one segment at once
            arrived = self._database.read(_TAKE, project=self._project)
            for (run, name), points in sorted(_by_series(arrived).items()):
                self._put(run, name, points)
        return len(arrived)

    def history(self, run: int, name: str) -> list[Packed]:
        """Every point of a metric in the order of step, time; settled ones only."""
        rows = self._database.read(
            "SELECT g.body AS body FROM segments g JOIN series s ON s.key = g.series "
            "WHERE s.run = :run AND s.name = :name ORDER BY g.key",
            run=run,
            name=name,
        )
        return sorted((point for row in rows for point in unpack(row["body"])), key=rank)

    def _put(self, run: int, name: str, points: list[Packed]) -> None:
        top = newest(points)
        newer = {"step": top[0], "time": top[1], "value": None if math.isnan(top[2]) else top[2]}
        row = self._database.one(_COUNT, run=run, name=name, points=len(points)) or self._database.one(
            _BEGIN, newer, project=self._project, run=run, name=name, points=len(points)
        )
        if row is None:  # the run was erased meanwhile, and its points with it
            return
        if rank(top) > rank(_stored(row)):
            self._database.execute(_RENEW, newer, key=row["key"])
        self._fill(row["key"], points)

    def _fill(self, series: int, points: list[Packed]) -> None:
        """Put points into the series' last segment while it has room, then into new ones."""
        last = self._database.one(
            "SELECT key, points, body FROM segments WHERE series = :series ORDER BY key DESC LIMIT 1", series=series
        )
        start = 0
        if last is not None and last["points"] < FULL:
            start = FULL - last["points"]
            merged = [*unpack(last["body"]), *points[:start]]
            self._database.execute(
                "UPDATE segments SET points = :points, body = :body WHERE key = :key",
                key=last["key"],
                points=len(merged),
                body=pack(merged),
            )
        for first in range(start, len(points), FULL):
            part = points[first : first + FULL]
            row = {"project": self._project, "series": series, "points": len(part), "body": pack(part)}
            self._database.insert("segments", row)


def _by_series(arrived: list[dict[str, Any]]) -> dict[tuple[int, str], list[Packed]]:
    grouped: dict[tuple[int, str], list[Packed]] = defaultdict(list)
    for row in arrived:
        run = row["run"]
        for name, step, time, value in decode(row["body"]):
            grouped[run, name].append((step, time, value))
    return grouped


def _stored(row: dict[str, Any]) -> Packed:
    return row["step"], row["time"], math.nan if row["value"] is None else row["value"]
