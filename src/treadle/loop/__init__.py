"""The loop: one declaration that ties the rooms together, and the standard pipeline that turns it.

```python
turn = late.run()          # ingest … release, once
print(turn)                # what happened, with every gate's verdict
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.loop import checks as checks
    from treadle.loop.adopt import register
    from treadle.loop.declaration import Loop
    from treadle.loop.discover import find_loops
    from treadle.loop.label import Label
    from treadle.loop.standard import standard_pipeline
    from treadle.loop.turn import Turn, turn_loop

__all__ = ["Label", "Loop", "Turn", "checks", "find_loops", "register", "standard_pipeline", "turn_loop"]

__getattr__ = door(
    __name__,
    {
        "Label": "label",
        "Loop": "declaration",
        "Turn": "turn",
        "checks": "",
        "find_loops": "discover",
        "register": "adopt",
        "standard_pipeline": "standard",
        "turn_loop": "turn",
    },
)
