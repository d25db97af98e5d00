"""How fast and how often an endpoint answers: measured in each window and, to compare with, in a version's first one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

MARK = "until"  # seconds since 1970 at which the first window ended


def per_day(rows: int, begin: datetime, end: datetime) -> float:
    """So many rows of a window, as a number a day."""
    return rows / ((end - begin).total_seconds() / 86_400)


def pace(rows: pa.Table, begin: datetime, end: datetime, traffic: int | None = None) -> dict[str, float]:
    """Rows and the 95th percentile of latency (seconds) of a version's predictions in a window, and how many predictions the
    endpoint made then, in all and a day: `traffic`, whichever version answered (default: only this one did).

    >>> import pyarrow as pa
    >>> day = pace(pa.table({"latency": [0.001, 0.002]}), datetime(2013, 1, 1), datetime(2013, 1, 2), 20)
    >>> day["rows"], day["traffic_per_day"], round(day["latency_p95"], 5)
    (2.0, 20.0, 0.00195)
    """
    traffic = rows.num_rows if traffic is None else traffic
    seconds = np.asarray(rows["latency"].drop_null(), dtype=np.float64)
    return {
        "rows": float(rows.num_rows),
        "traffic": float(traffic),
        "traffic_per_day": per_day(traffic, begin, end),
        "latency_p95": float(np.quantile(seconds, 0.95)) if len(seconds) else 0.0,
        MARK: end.timestamp(),
    }
