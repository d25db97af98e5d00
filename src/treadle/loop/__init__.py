"""The loop: one declaration that ties the rooms together, and the standard pipeline that turns it.

```python
turn = treadle.open().turn(late)   # ingest … release, once
turn.release, turn.verdicts        # what happened, and every gate's answer
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.loop import checks as checks
    from treadle.loop.adopt import adopt_model
    from treadle.loop.declaration import Loop
    from treadle.loop.discover import find_loops, pick_loop
    from treadle.loop.fingerprint import code_fingerprint
    from treadle.loop.following import EndpointFollower
    from treadle.loop.label import Label
    from treadle.loop.proving.bench import Bench
    from treadle.loop.proving.proving import due_checks, prove_loop
    from treadle.loop.situation import Situations
    from treadle.loop.standard import standard_pipeline
    from treadle.loop.turn import Rooms, Turn, turn_loop

__all__ = [
    "Bench",
    "EndpointFollower",
    "Label",
    "Loop",
    "Rooms",
    "Situations",
    "Turn",
    "adopt_model",
    "checks",
    "code_fingerprint",
    "due_checks",
    "find_loops",
    "pick_loop",
    "prove_loop",
    "standard_pipeline",
    "turn_loop",
]

__getattr__ = door(
    __name__,
    {
        "Bench": "proving.bench",
        "EndpointFollower": "following",
        "Label": "label",
        "Loop": "declaration",
        "Rooms": "turn",
        "Situations": "situation",
        "Turn": "turn",
        "adopt_model": "adopt",
        "checks": "",
        "code_fingerprint": "fingerprint",
        "due_checks": "proving.proving",
        "find_loops": "discover",
        "pick_loop": "discover",
        "prove_loop": "proving.proving",
        "standard_pipeline": "standard",
        "turn_loop": "turn",
    },
)
