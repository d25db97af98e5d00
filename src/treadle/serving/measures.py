"""Counters of a serving process and their Prometheus text: requests, latencies, losses."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping

import msgspec

BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds of the latency buckets, in seconds."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Counters at one moment: requests by (endpoint, version, code), seconds by endpoint, rows, losses, swaps."""

    requests: dict[str, int] = {}
    buckets: dict[str, list[int]] = {}
    seconds: dict[str, float] = {}
    rows: dict[str, int] = {}
    lost: dict[str, int] = {}
    swaps: dict[str, int] = {}


class Measures:
    """What one process counts; cheap enough to count every request."""

    def __init__(self) -> None:
        self._requests: dict[tuple[str, str, int], int] = {}
        self._buckets: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}
        self._rows: dict[str, int] = {}
        self.lost: dict[str, int] = {}
        self.swaps: dict[str, int] = {}

    def answered(self, endpoint: str, version: str, rows: int, seconds: float) -> None:
        """Count one prediction that was answered; `seconds` is the time it took inside the process."""
        key = (endpoint, version, 200)
        self._requests[key] = self._requests.get(key, 0) + 1
        buckets = self._buckets.get(endpoint)
        if buckets is None:
            buckets = self._buckets[endpoint] = [0] * (len(BOUNDS) + 1)
        buckets[bisect_left(BOUNDS, seconds)] += 1
        self._seconds[endpoint] = self._seconds.get(endpoint, 0.0) + seconds
        self._rows[endpoint] = self._rows.get(endpoint, 0) + rows

    def refused(self, endpoint: str, code: int) -> None:
        """Count one request that was answered with an error."""
        key = (endpoint, "", code)
        self._requests[key] = self._requests.get(key, 0) + 1

    def add_lost(self, endpoint: str) -> None:
        """Count one prediction that was answered without being logged."""
        self.lost[endpoint] = self.lost.get(endpoint, 0) + 1

    def add_swap(self, endpoint: str) -> None:
        """Count one change to another revision."""
        self.swaps[endpoint] = self.swaps.get(endpoint, 0) + 1

    def snapshot(self) -> Snapshot:
        """The counters now."""
        return Snapshot(
            requests={f"{e}\t{v}\t{code}": n for (e, v, code), n in self._requests.items()},
            buckets={endpoint: list(counts) for endpoint, counts in self._buckets.items()},
            seconds=dict(self._seconds),
            rows=dict(self._rows),
            lost=dict(self.lost),
            swaps=dict(self.swaps),
        )


def prometheus_text(snapshots: Mapping[str, Snapshot]) -> str:
    """The counters of several processes in the Prometheus text format, version 0.0.4; `worker` is a label.

    >>> measures = Measures(); measures.answered("late", "3", 1, 0.002)
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
