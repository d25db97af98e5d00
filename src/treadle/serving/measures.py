"""Counters of a serving process and their Prometheus text: requests, latencies, losses."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import Any

import msgspec

BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds of the latency buckets, in seconds."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Counters at one moment: requests by (endpoint, version, code), seconds by endpoint, rows, losses, swaps, and what shadows
    had no time for."""

    requests: dict[str, int] = {}
    buckets: dict[str, list[int]] = {}
    seconds: dict[str, float] = {}
    rows: dict[str, int] = {}
    lost: dict[str, int] = {}
    swaps: dict[str, int] = {}
    shadows_dropped: dict[str, int] = {}


class Tally:
    """The predictions of one version at one endpoint; `seconds` inside the process, by bucket and in all."""

    __slots__ = ("buckets", "requests", "rows", "seconds")

    def __init__(self) -> None:
        self.requests = 0
        self.rows = 0
        self.seconds = 0.0
        self.buckets = [0] * (len(BOUNDS) + 1)

    def add(self, rows: int, seconds: float) -> None:
        """Count one answered request."""
        self.requests += 1
        self.rows += rows
        self.seconds += seconds
        self.buckets[bisect_left(BOUNDS, seconds)] += 1


class Measures:
    """What one process counts; cheap enough to count every request."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, str], Tally] = {}
        self._refused: dict[tuple[str, int], int] = {}
        self._lost: dict[str, int] = {}
        self._swaps: dict[str, int] = {}
        self._shadows_dropped: dict[str, int] = {}

    def tally(self, endpoint: str, version: str) -> Tally:
        """Where the predictions of one version are counted."""
        return self._tallies.setdefault((endpoint, version), Tally())

    def refused(self, endpoint: str, code: int) -> None:
        """Count one request that was answered with an error."""
        _count(self._refused, (endpoint, code))

    def lost(self, endpoint: str) -> None:
        """Count one request that was answered without being logged."""
        _count(self._lost, endpoint)

    def swapped(self, endpoint: str) -> None:
        """Count one change to another revision."""
        _count(self._swaps, endpoint)

    def shadow_dropped(self, endpoint: str) -> None:
        """Count one request the shadow had no time for."""
        _count(self._shadows_dropped, endpoint)

    def snapshot(self) -> Snapshot:
        """The counters now."""
        requests = {
            f"{endpoint}\t{version}\t200": tally.requests for (endpoint, version), tally in self._tallies.items()
        }
        requests.update({f"{endpoint}\t\t{code}": count for (endpoint, code), count in self._refused.items()})
        buckets: dict[str, list[int]] = {}
        seconds: dict[str, float] = {}
        rows: dict[str, int] = {}
        for (endpoint, _), tally in self._tallies.items():
            before = buckets.get(endpoint, [0] * len(tally.buckets))
            buckets[endpoint] = [a + b for a, b in zip(before, tally.buckets, strict=True)]
            seconds[endpoint] = seconds.get(endpoint, 0.0) + tally.seconds
            rows[endpoint] = rows.get(endpoint, 0) + tally.rows
        return Snapshot(
            requests=requests,
            buckets=buckets,
            seconds=seconds,
            rows=rows,
            lost=dict(self._lost),
            swaps=dict(self._swaps),
            shadows_dropped=dict(self._shadows_dropped),
        )


def _count(counts: dict[Any, int], key: Any) -> None:
    counts[key] = counts.get(key, 0) + 1


def prometheus_text(snapshots: Mapping[str, Snapshot]) -> str:
    """The counters of several processes in the Prometheus text format, version 0.0.4; `worker` is a label.

    >>> measures = Measures(); measures.tally("late", "3").add(1, 0.002)
    >>> [line for line in prometheus_text({"0": measures.snapshot()}).splitlines() if line.startswith("treadle_predictions")]
    ['treadle_predictions_total{worker="0",endpoint="late"} 1']
    """
    lines: list[str] = []
    _family(
        lines, "treadle_serving_requests_total", "counter", "Requests answered, by endpoint, model version and code."
    )
    for worker, snapshot in snapshots.items():
        for key, count in sorted(snapshot.requests.items()):
            endpoint, version, code = key.split("\t")
            labels = _labels(worker=worker, endpoint=endpoint, version=version, code=code)
            lines.append(f"treadle_serving_requests_total{labels} {count}")
    _counters(lines, "treadle_predictions_total", "Rows predicted.", {w: s.rows for w, s in snapshots.items()})
    _counters(
        lines,
        "treadle_prediction_log_lost_total",
        "Predictions answered without being logged, because the disk was full.",
        {w: s.lost for w, s in snapshots.items()},
    )
    _counters(
        lines, "treadle_endpoint_swaps_total", "Changes of what is served.", {w: s.swaps for w, s in snapshots.items()}
    )
    _counters(
        lines,
        "treadle_shadow_dropped_total",
        "Requests a shadow did not score because too many were waiting.",
        {w: s.shadows_dropped for w, s in snapshots.items()},
    )
    _histogram(lines, snapshots)
    return "\n".join(lines) + "\n"


def _counters(lines: list[str], name: str, about: str, by_worker: Mapping[str, Mapping[str, int]]) -> None:
    _family(lines, name, "counter", about)
    for worker, counts in by_worker.items():
        lines.extend(f"{name}{_labels(worker=worker, endpoint=e)} {n}" for e, n in sorted(counts.items()))


def _histogram(lines: list[str], snapshots: Mapping[str, Snapshot]) -> None:
    name = "treadle_serving_latency_seconds"
    _family(lines, name, "histogram", "Seconds a prediction took inside the process.")
    for worker, snapshot in snapshots.items():
        for endpoint, counts in sorted(snapshot.buckets.items()):
            total = 0
            for bound, count in zip((*BOUNDS, "+Inf"), counts, strict=True):
                total += count
                lines.append(f"{name}_bucket{_labels(worker=worker, endpoint=endpoint, le=str(bound))} {total}")
            lines.append(f"{name}_sum{_labels(worker=worker, endpoint=endpoint)} {snapshot.seconds[endpoint]!r}")
            lines.append(f"{name}_count{_labels(worker=worker, endpoint=endpoint)} {total}")


def _family(lines: list[str], name: str, kind: str, about: str) -> None:
    lines.extend((f"# HELP {name} {about}", f"# TYPE {name} {kind}"))


def _labels(**labels: str) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
