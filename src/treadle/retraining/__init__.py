"""Retraining: triggers, the decision to turn a loop again, and every request with its reason.

```python
retraining.consider(loop.retrain_plan, situation)     # triggers ask, requests are recorded
request = retraining.next("late-arrival")             # one at a time
retraining.start(request); retraining.finish(request, "promoted", version=3, seconds=41.0)
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.retraining import triggers as triggers
    from treadle.retraining.cloudevents import events_of
    from treadle.retraining.considered import Considered
    from treadle.retraining.decision import Ruling
    from treadle.retraining.event import Event, Received
    from treadle.retraining.occurrence import Look, Occurrence
    from treadle.retraining.plan import RetrainPlan
    from treadle.retraining.request import Request
    from treadle.retraining.retention import Forgotten
    from treadle.retraining.retraining import Retraining
    from treadle.retraining.situation import Failing, Situation, Upstream
    from treadle.retraining.triggers.trigger import Trigger

__all__ = [
    "Considered",
    "Event",
    "Failing",
    "Forgotten",
    "Look",
    "Occurrence",
    "Received",
    "Request",
    "RetrainPlan",
    "Retraining",
    "Ruling",
    "Situation",
    "Trigger",
    "Upstream",
    "events_of",
    "triggers",
]

__getattr__ = door(
    __name__,
    {
        "Considered": "considered",
        "Event": "event",
        "Failing": "situation",
        "Forgotten": "retention",
        "Look": "occurrence",
        "Occurrence": "occurrence",
        "Received": "event",
        "Request": "request",
        "RetrainPlan": "plan",
        "Retraining": "retraining",
        "Ruling": "decision",
        "Situation": "situation",
        "Trigger": "triggers.trigger",
        "Upstream": "situation",
        "events_of": "cloudevents",
        "triggers": "",
    },
)
