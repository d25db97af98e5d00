"""Models in service: endpoints that workers follow, the data plane that answers, and the log of every answer.

```python
endpoints = Endpoints(state)
endpoints.deploy("late-arrival", 3, package)          # workers swap to it within a tenth of a second
[record.label for record in read_segments(endpoints.log_folder("late-arrival"))]
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.serving.endpoints import Endpoints, checked_name
    from treadle.serving.failures import Failure, read_failures
    from treadle.serving.log import PredictionLog, segments
    from treadle.serving.manifest import EndpointManifest, Variant
    from treadle.serving.measures import Measures, prometheus_text
    from treadle.serving.plane import DataPlane
    from treadle.serving.reading import read_batches, read_schema, read_segment, read_segments
    from treadle.serving.record import (
        Batch,
        LogSchema,
        PredictionRecord,
        drawn_share,
        encode_batch,
        records_of,
        routing_keys,
    )
    from treadle.serving.worker_state import WorkerState, read_workers

__all__ = [
    "Batch",
    "DataPlane",
    "EndpointManifest",
    "Endpoints",
    "Failure",
    "LogSchema",
    "Measures",
    "PredictionLog",
    "PredictionRecord",
    "Variant",
    "WorkerState",
    "checked_name",
    "drawn_share",
    "encode_batch",
    "prometheus_text",
    "read_batches",
    "read_failures",
    "read_schema",
    "read_segment",
    "read_segments",
    "read_workers",
    "records_of",
    "routing_keys",
    "segments",
]

__getattr__ = door(
    __name__,
    {
        "Batch": "record",
        "DataPlane": "plane",
        "EndpointManifest": "manifest",
        "Endpoints": "endpoints",
        "Failure": "failures",
        "LogSchema": "record",
        "Measures": "measures",
        "PredictionLog": "log",
        "PredictionRecord": "record",
        "Variant": "manifest",
        "WorkerState": "worker_state",
        "checked_name": "endpoints",
        "drawn_share": "record",
        "encode_batch": "record",
        "prometheus_text": "measures",
        "read_batches": "reading",
        "read_failures": "failures",
        "read_schema": "reading",
        "read_segment": "reading",
        "read_segments": "reading",
        "read_workers": "worker_state",
        "records_of": "record",
        "routing_keys": "record",
        "segments": "log",
    },
)
