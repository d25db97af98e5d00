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


def pace(rows: pa.Table, begin: datetime, end: datetime) -> dict[str, float]:
    """Rows, rows a day and the 95th percentile of latency (seconds) of the predictions of a window.

    >>> import pyarrow as pa
    >>> day = pace(pa.table({"latency": [0.001, 0.002]}), datetime(2013, 1, 1), datetime(2013, 1, 2))
    >>> day["rows_per_day"], round(day["latency_p95"], 5)
    (2.0, 0.00195)
    """
    seconds = np.asarray(rows["latency"].drop_null(), dtype=np.float64)
    return {
        "rows": float(rows.num_rows),
        "rows_per_day": per_day(rows.num_rows, begin, end),
        "latency_p95": float(np.quantile(seconds, 0.95)) if len(seconds) else 0.0,
        MARK: end.timestamp(),
    }
