"""Rollouts: how a version that passed its gates takes over live traffic, and how it is taken back.

```python
rollout = rollouts.start("late-arrival", 4, Canary(steps=[0.1, 0.5], samples=2_000), by="ada")
rollouts.advance(rollout.id)          # looks, goes on, promotes or rolls back; the controller calls it
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.rollouts.analysis.errors import Errors
    from treadle.rollouts.analysis.feature_gap import FeatureGap
    from treadle.rollouts.analysis.latency import Latency
    from treadle.rollouts.analysis.numerics import Numerics
    from treadle.rollouts.analysis.prediction_shift import PredictionShift
    from treadle.rollouts.analysis.quality import Quality
    from treadle.rollouts.champion_watcher import ChampionWatcher
    from treadle.rollouts.plans import AtOnce, Canary, Plan, Shadow, Stage
    from treadle.rollouts.rollout import Figures, Look, Rollout, RolloutEvent
    from treadle.rollouts.rollouts import Rollouts

__all__ = [
    "AtOnce",
    "Canary",
    "ChampionWatcher",
    "Errors",
    "FeatureGap",
    "Figures",
    "Latency",
    "Look",
    "Numerics",
    "Plan",
    "PredictionShift",
    "Quality",
    "Rollout",
    "RolloutEvent",
    "Rollouts",
    "Shadow",
    "Stage",
]

__getattr__ = door(
    __name__,
    {
        "AtOnce": "plans",
        "Canary": "plans",
        "ChampionWatcher": "champion_watcher",
        "Errors": "analysis.errors",
        "FeatureGap": "analysis.feature_gap",
        "Figures": "rollout",
        "Latency": "analysis.latency",
        "Look": "rollout",
        "Numerics": "analysis.numerics",
        "Plan": "plans",
        "PredictionShift": "analysis.prediction_shift",
        "Quality": "analysis.quality",
        "Rollout": "rollout",
        "RolloutEvent": "rollout",
        "Rollouts": "rollouts",
        "Shadow": "plans",
        "Stage": "plans",
    },
)
