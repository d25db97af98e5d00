"""Features: views of a source by entity, joined to history point in time, materialised, and read online.

```python
weather = FeatureView("weather", source, entity="origin", features=["temp", mean("wind", over="6h")], ttl="2h")
store.get_historical_features(rows, [weather], time="scheduled_at")
store.materialize(weather, until)
store.timetable(weather, begin, end).apply(until)    # the same for many ticks
store.get_online_features([weather], [{"origin": "JFK"}])
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.features.aggregates import Aggregate, count, last, max, mean, min, sum
    from treadle.features.feature_store import FeatureStore
    from treadle.features.lookup import LookupPlan, OnlineReader, ViewLookup
    from treadle.features.materialization import Materialization
    from treadle.features.online import OnlineStore, Origin, Tick
    from treadle.features.online_memory import MemoryOnlineStore
    from treadle.features.online_sqlite import SqliteOnlineStore
    from treadle.features.timetable import Timetable
    from treadle.features.view import FeatureView

__all__ = [
    "Aggregate",
    "FeatureStore",
    "FeatureView",
    "LookupPlan",
    "Materialization",
    "MemoryOnlineStore",
    "OnlineReader",
    "OnlineStore",
    "Origin",
    "SqliteOnlineStore",
    "Tick",
    "Timetable",
    "ViewLookup",
    "count",
    "last",
    "max",
    "mean",
    "min",
    "sum",
]

__getattr__ = door(
    __name__,
    {
        "Aggregate": "aggregates",
        "FeatureStore": "feature_store",
        "FeatureView": "view",
        "LookupPlan": "lookup",
        "Materialization": "materialization",
        "MemoryOnlineStore": "online_memory",
        "OnlineReader": "lookup",
        "OnlineStore": "online",
        "Origin": "online",
        "SqliteOnlineStore": "online_sqlite",
        "Tick": "online",
        "Timetable": "timetable",
        "ViewLookup": "lookup",
        "count": "aggregates",
        "last": "aggregates",
        "max": "aggregates",
        "mean": "aggregates",
        "min": "aggregates",
        "sum": "aggregates",
    },
)
