"""Is any feature too slow or too dear?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from statistics import quantiles
from typing import TYPE_CHECKING, Any

from treadle.clock import duration
from treadle.datasets import quoted
from treadle.evidence import Verdict
from treadle.features import OnlineReader
from treadle.loop.proving.project_check import ProjectCheck

if TYPE_CHECKING:
    from treadle.features import FeatureView
    from treadle.loop.proving.bench import Bench

LOOKUPS = 300
KEYS = 50
FOREVER = 60.0  # seconds a view without a cadence may take


@dataclass(frozen=True)
class FeatureCost(ProjectCheck):
    """Is every view looked up fast enough for a request, and worked out well within its cadence?

    `lookup` bounds the 95th percentile of a lookup in the online store; working a view out for some keys over all its rows may take
    a tenth of its `every`. Columns that come with the request cost nothing here. Nothing is written.
    """

    lookup: str = "2ms"
    share: float = 0.1

    def run(self, context: Bench) -> Verdict:
        """Time lookups and a join of each view."""
        if not context.loop.views:
            return Verdict.of(True, value=0.0, summary="Every feature comes with the request: none costs a lookup.")
        if context.version_of(context.loop.source.name) is None:
            return Verdict.skipped(f"The source {context.loop.source.name} was never read.")
        limit = duration(self.lookup, field="lookup").total_seconds()
        costs = {view.name: _cost(context, view) for view in context.loop.views}
        dear = [
            f"a lookup of {name} takes {c['lookup'] * 1e3:.2f} ms" for name, c in costs.items() if c["lookup"] > limit
        ]
        for view in context.loop.views:
            allowed = view.every.total_seconds() * self.share if view.every else FOREVER
            if costs[view.name]["compute"] > allowed:
                dear.append(f"{view.name} takes {costs[view.name]['compute']:.1f} s to work out")
        slowest = max(costs, key=lambda name: costs[name]["lookup"])
        micros, seconds = costs[slowest]["lookup"] * 1e6, max(cost["compute"] for cost in costs.values())
        fine = f"{len(costs)} views: a lookup takes up to {micros:.0f} µs ({slowest}), working one out up to {seconds:.2f} s."
        return Verdict.of(
            not dear,
            value=costs[slowest]["lookup"],
            threshold=limit,
            summary=f"{'; '.join(dear)}." if dear else fine,
            views=costs,
        )


def _cost(context: Bench, view: FeatureView) -> dict[str, Any]:
    """Seconds of a lookup (95th percentile) and of working the view out for some keys."""
    import pyarrow as pa

    store, clock = context.rooms.feature_store, context.rooms.clock
    version = context.version_of(context.loop.source.name)
    names = list(view.entity)
    newest = context.rooms.engine.query(
        f"SELECT DISTINCT {', '.join(quoted(name) for name in names)} FROM source LIMIT {KEYS}", {"source": version}
    )
    keys = newest.to_pylist()
    reader = OnlineReader(store.lookup_plan([view]), store.online, clock)  # as a server has it, made once
    times = []
    for turn in range(LOOKUPS):
        started = clock.monotonic()
        reader.features(keys[turn % len(keys)])
        times.append(clock.monotonic() - started)
    rows = newest.append_column("treadle_at", pa.array([clock.now()] * newest.num_rows, pa.timestamp("us", "UTC")))
    started = clock.monotonic()
    store.get_historical_features(rows, [view], time="treadle_at")
    compute = clock.monotonic() - started
    per_feature = {name: compute / len(view.columns) for name in islice(view.columns, 100)}
    return {"lookup": quantiles(times, n=20)[-1], "compute": compute, "features": per_feature}
