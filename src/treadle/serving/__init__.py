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
    from treadle.serving.endpoints import Endpoints
    from treadle.serving.log import PredictionLog
    from treadle.serving.manifest import EndpointManifest, Variant
    from treadle.serving.measures import Measures, prometheus_text
    from treadle.serving.plane import DataPlane
    from treadle.serving.reading import read_batches, read_segments
    from treadle.serving.record import PredictionRecord, records_of
    from treadle.serving.worker_state import WorkerState, read_workers

__all__ = [
    "DataPlane",
    "EndpointManifest",
    "Endpoints",
    "Measures",
    "PredictionLog",
    "PredictionRecord",
    "Variant",
    "WorkerState",
    "prometheus_text",
    "read_batches",
    "read_segments",
    "read_workers",
    "records_of",
]

__getattr__ = door(
    __name__,
    {
        "DataPlane": "plane",
        "EndpointManifest": "manifest",
        "Endpoints": "endpoints",
        "Measures": "measures",
        "PredictionLog": "log",
        "PredictionRecord": "record",
        "Variant": "manifest",
        "WorkerState": "worker_state",
        "prometheus_text": "measures",
        "read_batches": "reading",
        "read_segments": "reading",
        "read_workers": "worker_state",
        "records_of": "record",
    },
)
