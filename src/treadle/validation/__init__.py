"""Validation: what is expected of a dataset, and where a version differs.

```python
schema, new = schemas.load_or_infer("flights", profile(engine, version), key=["flight_id"], time="scheduled_at")
for anomaly in validate(statistics, schema):
    print(anomaly)
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.validation.anomaly import Anomaly, Facts
    from treadle.validation.checks import (
        DistributionStable,
        KeysUnique,
        SchemaHolds,
        TimesPast,
        ValuesExpected,
        standard_checks,
    )
    from treadle.validation.comparing import validate
    from treadle.validation.context import DatasetContext, dataset_context
    from treadle.validation.examining import examine
    from treadle.validation.infer import infer_schema
    from treadle.validation.schema import AnomalyKind, ColumnSchema, Reaction, Schema
    from treadle.validation.schemas import Schemas

__all__ = [
    "Anomaly",
    "AnomalyKind",
    "ColumnSchema",
    "DatasetContext",
    "DistributionStable",
    "Facts",
    "KeysUnique",
    "Reaction",
    "Schema",
    "SchemaHolds",
    "Schemas",
    "TimesPast",
    "ValuesExpected",
    "dataset_context",
    "examine",
    "infer_schema",
    "standard_checks",
    "validate",
]

__getattr__ = door(
    __name__,
    {
        "Anomaly": "anomaly",
        "AnomalyKind": "schema",
        "ColumnSchema": "schema",
        "DatasetContext": "context",
        "DistributionStable": "checks",
        "Facts": "anomaly",
        "KeysUnique": "checks",
        "Reaction": "schema",
        "Schema": "schema",
        "SchemaHolds": "checks",
        "Schemas": "schemas",
        "TimesPast": "checks",
        "ValuesExpected": "checks",
        "dataset_context": "context",
        "examine": "examining",
        "infer_schema": "infer",
        "standard_checks": "checks",
        "validate": "comparing",
    },
)
