"""Datasets: sources, their readers, versioned tables of rows, the data engine, and splits.

```python
datasets.ingest(Source("flights", csv("data/*.csv"), id="flight_id", time="scheduled_at"), root=project)
datasets.read(datasets.get("flights"))
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.datasets import splits
    from treadle.datasets.arrow import columns_of
    from treadle.datasets.column import COLUMN_TYPES, Column, ColumnType, quoted
    from treadle.datasets.datasets import Datasets
    from treadle.datasets.declared import declared_at
    from treadle.datasets.engine import Engine, Session, TableLike
    from treadle.datasets.readers import Csv, Frame, Parquet, Reader, csv, frame, parquet
    from treadle.datasets.source import Source
    from treadle.datasets.version import DatasetDiff, DatasetVersion, Ingested

__all__ = [
    "COLUMN_TYPES",
    "Column",
    "ColumnType",
    "Csv",
    "DatasetDiff",
    "DatasetVersion",
    "Datasets",
    "Engine",
    "Frame",
    "Ingested",
    "Parquet",
    "Reader",
    "Session",
    "Source",
    "TableLike",
    "columns_of",
    "csv",
    "declared_at",
    "frame",
    "parquet",
    "quoted",
    "splits",
]

__getattr__ = door(
    __name__,
    {
        "COLUMN_TYPES": "column",
        "Column": "column",
        "ColumnType": "column",
        "Csv": "readers",
        "DatasetDiff": "version",
        "DatasetVersion": "version",
        "Datasets": "datasets",
        "Engine": "engine",
        "Frame": "readers",
        "Ingested": "version",
        "Parquet": "readers",
        "Reader": "readers",
        "Session": "engine",
        "Source": "source",
        "TableLike": "engine",
        "columns_of": "arrow",
        "csv": "readers",
        "declared_at": "declared",
        "frame": "readers",
        "parquet": "readers",
        "quoted": "column",
        "splits": "",
    },
)
