"""What an endpoint has answered, read from its prediction log as it grows."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from treadle.serving import PredictionRecord
    from treadle.workspace import Workspace

HOUR, MINUTE = 3_600_000_000, 60_000_000
KEPT_MINUTES, KEPT_PREDICTIONS, KEPT_LATENCIES = 240, 100, 20_000


@dataclass
class Traffic:
    """Counts of one endpoint: rows by version, by hour and minute of business time; the newest answers and latencies."""

    rows: int = 0
    requests: int = 0
    by_version: dict[int, int] = field(default_factory=dict)
    hours: dict[int, dict[int, int]] = field(default_factory=dict)
    minutes: dict[int, dict[int, int]] = field(default_factory=dict)
    latencies: deque[int] = field(default_factory=lambda: deque(maxlen=KEPT_LATENCIES))
    newest: deque[tuple[Any, Any]] = field(default_factory=lambda: deque(maxlen=KEPT_PREDICTIONS))
    problem: str = ""
    cursor: dict[str, int] = field(default_factory=dict)

    def add(self, schema: Any, batch: Any) -> None:
        """Count one request, unless it is a shadow's answer, which nobody was told."""
        if schema.shadow:
            return
        rows = len(batch.ids)
        self.rows += rows
        self.requests += 1
        version = schema.version
        self.by_version[version] = self.by_version.get(version, 0) + rows
        moments = [batch.at] * rows if isinstance(batch.at, int) else batch.at
        for moment in moments:
            for buckets, size in ((self.hours, HOUR), (self.minutes, MINUTE)):
                bucket = buckets.setdefault(moment // size * size, {})
                bucket[version] = bucket.get(version, 0) + 1
        while len(self.minutes) > 2 * KEPT_MINUTES:
            for old in sorted(self.minutes)[:KEPT_MINUTES]:
                del self.minutes[old]
        self.latencies.append(batch.latency_us)
        self.newest.append((schema, batch))

    def latency(self, share: float) -> float | None:
        """The latency in seconds below which `share` of the newest answers were; None without any."""
        if not self.latencies:
            return None
        ordered = sorted(self.latencies)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)] / 1e6

    def recent(self, limit: int = 50) -> Sequence[PredictionRecord]:
        """The newest predictions, newest first."""
        from treadle.serving import records_of

        found: list[PredictionRecord] = []
        for schema, batch in sorted(self.newest, key=lambda pair: _first(pair[1].at), reverse=True):
            found.extend(records_of(batch, schema))
            if len(found) >= limit:
                break
        return found[:limit]

    def series(self) -> tuple[str, list[tuple[int, int, int]]]:
        """`(unit, [(bucket, version, rows)])`: by minute while the log is short, else by hour, else by day.

        Of stretches far apart (a replay of an old year beside a question of today) the one with the most rows.
        """
        hours = _busiest(self.hours, 30 * 24 * HOUR)
        if len(hours) <= 3:
            return "minute", _flat({m: versions for m, versions in self.minutes.items() if m // HOUR * HOUR in hours})
        if len(hours) <= 24 * 8:
            return "hour", _flat(hours)
        days: dict[int, dict[int, int]] = {}
        for hour, versions in hours.items():
            bucket = days.setdefault(hour // (24 * HOUR) * (24 * HOUR), {})
            for version, rows in versions.items():
                bucket[version] = bucket.get(version, 0) + rows
        return "day", _flat(days)


class Logs:
    """The traffic of every endpoint of a workspace; each look reads only what was added since the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, Traffic] = {}

    def of(self, workspace: Workspace, name: str) -> Traffic:
        """The traffic of one endpoint, up to date; a damaged log says so and keeps what was read before."""
        from treadle.errors import TreadleError
        from treadle.serving import read_batches

        folder = workspace.endpoints.log_folder(name)
        with self._lock:
            traffic = self._known.setdefault(name, Traffic())
            if not folder.is_dir():
                return traffic
            try:
                traffic.problem = ""
                for schema, batch in read_batches(folder, cursor=traffic.cursor):
                    traffic.add(schema, batch)
            except TreadleError as error:
                traffic.problem = str(error)
            return traffic


def _first(at: int | list[int]) -> int:
    return at if isinstance(at, int) else max(at, default=0)


def _busiest(buckets: dict[int, dict[int, int]], gap: int) -> dict[int, dict[int, int]]:
    """Of the stretches that `gap` or more separates, the one with the most rows."""
    stretches: list[list[int]] = []
    for bucket in sorted(buckets):
        if stretches and bucket - stretches[-1][-1] < gap:
            stretches[-1].append(bucket)
        else:
            stretches.append([bucket])
    chosen = max(stretches, key=lambda s: sum(sum(buckets[b].values()) for b in s), default=[])
    return {bucket: buckets[bucket] for bucket in chosen}


def _flat(buckets: dict[int, dict[int, int]]) -> list[tuple[int, int, int]]:
    return [(bucket, version, rows) for bucket in sorted(buckets) for version, rows in sorted(buckets[bucket].items())]
