"""Does the endpoint still answer as fast and as often as in the first window of its version?"""

from __future__ import annotations

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
        return _judge(self, context, "latency_p95")


@dataclass(frozen=True)
class Throughput(Monitor):
    """Are there as many predictions as in the version's own first window?

    Fails when a day has less than `share` (0 to 1) of the predictions a day had then: somebody stopped asking, or answers are lost.
    A first window with fewer than `min_rows` predictions is no measure, and skipped.

    >>> Throughput(share=0.2).name
    'throughput(share=0.2)'
    """

    share: float = 0.5
    min_rows: int = 200

    def run(self, context: LiveWindow) -> Verdict:
        return _judge(self, context, "rows_per_day")


def _judge(monitor: Latency | Throughput, context: LiveWindow, name: str) -> Verdict:
    first = context.look.opening()
    if not first or context.end.timestamp() <= first[MARK]:
        return Verdict.skipped("This is the version's first window; later ones are compared with it.")
    if first["rows"] < monitor.min_rows:
        return Verdict.skipped(
            f"The version's first window had {first['rows']:,.0f} predictions; {monitor.min_rows:,} are needed.",
            needed_rows=monitor.min_rows,
        )
    if isinstance(monitor, Throughput):
        now = {name: per_day(context.rows, context.begin, context.end)}
        limit, passed = monitor.share * first[name], now[name] >= monitor.share * first[name]
        said = f"{now[name]:,.0f} predictions a day; in the first window there were {first[name]:,.0f}."
    else:
        now = pace(context.latencies, context.begin, context.end)
        limit = max(monitor.factor * first[name], first[name] + monitor.least)
        passed = now["rows"] < 1 or now[name] <= limit
        said = f"95 % of answers take up to {1000 * now[name]:.2f} ms; in the first window {1000 * first[name]:.2f} ms."
    return Verdict.of(passed, value=now[name], threshold=limit, summary=said, **context.about(), first=dict(first))
