"""Does the endpoint still answer as fast and as often as in the first window of its version?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from treadle.evidence import Verdict
from treadle.monitoring.monitor import Monitor
from treadle.monitoring.opening import MARK, pace, per_day
from treadle.monitoring.window import LiveWindow


@dataclass(frozen=True)
class Latency(Monitor):
    """Are answers as fast as in the version's own first window?

    Fails when the 95th percentile is `factor` times the first window's, and slower by `least` seconds. Both are measured inside the
    worker, without the network. A window with fewer than `min_rows` predictions is skipped.

    >>> Latency(factor=1.5, least=0.01).name
    'latency(factor=1.5, least=0.01)'
    """

    factor: float = 2.0
    least: float = 0.005
    min_rows: int = 200

    def run(self, context: LiveWindow) -> Verdict:
        first = context.look.opening()
        skip = _too_early(context, first) or _too_few(first["rows"], self.min_rows)
        if skip is not None:
            return skip
        now = pace(context.latencies, context.begin, context.end)
        slow, limit = now["latency_p95"], max(self.factor * first["latency_p95"], first["latency_p95"] + self.least)
        return Verdict.of(
            now["rows"] < 1 or slow <= limit,
            value=slow,
            threshold=limit,
            summary=f"95 % of answers take up to {1000 * slow:.2f} ms; in the first window {1000 * first['latency_p95']:.2f} ms, "
            f"and up to {1000 * limit:.2f} ms are allowed.",
            **context.about(),
            first=dict(first),
        )


@dataclass(frozen=True)
class Throughput(Monitor):
    """Does the endpoint make as many predictions as in the first window of the version that answers?

    Counts what every version answers, so that a canary is no fall. Fails when a day has less than `share` (0 to 1) of the
    predictions a day had then: somebody stopped asking, or answers are lost. A first window with fewer than `min_rows`
    predictions is no measure, and skipped.

    >>> Throughput(share=0.2).name
    'throughput(share=0.2)'
    """

    share: float = 0.5
    min_rows: int = 200

    def run(self, context: LiveWindow) -> Verdict:
        first = context.look.opening()
        skip = _too_early(context, first) or _too_few(first["traffic"], self.min_rows)
        if skip is not None:
            return skip
        now = per_day(context.look.traffic(context.begin, context.end), context.begin, context.end)
        least = self.share * first["traffic_per_day"]
        return Verdict.of(
            now >= least,
            value=now,
            threshold=least,
            summary=f"{now:,.0f} predictions a day; in the first window there were {first['traffic_per_day']:,.0f}, "
            f"and {least:,.0f} are asked for.",
            **context.about(),
            first=dict(first),
        )


def _too_early(context: LiveWindow, first: Mapping[str, float]) -> Verdict | None:
    if first and context.end.timestamp() > first[MARK]:
        return None
    return Verdict.skipped("This is the version's first window; later ones are compared with it.")


def _too_few(rows: float, needed: int) -> Verdict | None:
    if rows >= needed:
        return None
    return Verdict.skipped(
        f"The version's first window had {rows:,.0f} predictions; {needed:,} are needed.", needed_rows=needed
    )
