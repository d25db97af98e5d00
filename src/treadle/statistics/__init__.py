"""Statistics: the profile of a table in one pass, and distances between profiles.

```python
statistics = profile(engine, datasets.get("flights"))
statistics.column("distance").quantiles["p50"]
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.statistics import distances
    from treadle.statistics.compare import distance
    from treadle.statistics.merging import merge
    from treadle.statistics.profiling import profile
    from treadle.statistics.structs import ColumnStatistics, Histogram, Statistics

__all__ = ["ColumnStatistics", "Histogram", "Statistics", "distance", "distances", "merge", "profile"]

__getattr__ = door(
    __name__,
    {
        "ColumnStatistics": "structs",
        "Histogram": "structs",
        "Statistics": "structs",
        "distance": "compare",
        "distances": "",
        "merge": "merging",
        "profile": "profiling",
    },
)
