"""A Treadle server from afar, with the nouns and errors of a local workspace.

```python
client = treadle.connect("http://127.0.0.1:7717", token="…")
client.version("late-arrival", "champion").metrics["roc_auc"]
client.predict("late-arrival", [{"origin": "JFK", "carrier": "B6", …}]).labels
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.client.alerts import RemoteAlerts
    from treadle.client.client import Client, connect
    from treadle.client.predictions import Predictions

__all__ = ["Client", "Predictions", "RemoteAlerts", "connect"]

__getattr__ = door(
    __name__, {"Client": "client", "Predictions": "predictions", "RemoteAlerts": "alerts", "connect": "client"}
)
