"""Registered models: versions that never change, aliases that move, and who moved them on what evidence.

```python
version = registry.create_version("late-arrival", package, gates=["at_least(roc_auc, 0.65)"], metrics={"roc_auc": 0.73})
registry.promote("late-arrival", version.number, why="passed every gate", principal="ada")
registry.rollback("late-arrival", why="doubled the complaints", principal="ada")
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.registry.hooks import RegistryHooks
    from treadle.registry.model import RegisteredModel
    from treadle.registry.move import Promotion
    from treadle.registry.promotion import Judgement, judge_promotion
    from treadle.registry.registry import Registry
    from treadle.registry.version import ModelVersion

__all__ = [
    "Judgement",
    "ModelVersion",
    "Promotion",
    "RegisteredModel",
    "Registry",
    "RegistryHooks",
    "judge_promotion",
]

__getattr__ = door(
    __name__,
    {
        "Judgement": "promotion",
        "ModelVersion": "version",
        "Promotion": "move",
        "RegisteredModel": "model",
        "Registry": "registry",
        "RegistryHooks": "hooks",
        "judge_promotion": "promotion",
    },
)
