"""Readiness: the ML Test Score and the MLOps maturity levels, computed from the ledger and nothing else.

```python
score = treadle.open().readiness.score()
score.final, [result.test.id for result in score.results if not result.points]
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.doors import door

if TYPE_CHECKING:
    from treadle.readiness.badge import badge
    from treadle.readiness.levels import Criterion, Level, Maturity
    from treadle.readiness.readiness import Readiness
    from treadle.readiness.rubric import Need, Test
    from treadle.readiness.score import Proof, Result, Score
    from treadle.readiness.shape import plain

__all__ = ["Criterion", "Level", "Maturity", "Need", "Proof", "Readiness", "Result", "Score", "Test", "badge", "plain"]

__getattr__ = door(
    __name__,
    {
        "Criterion": "levels",
        "Level": "levels",
        "Maturity": "levels",
        "Need": "rubric",
        "Proof": "score",
        "Readiness": "readiness",
        "Result": "score",
        "Score": "score",
        "Test": "rubric",
        "badge": "badge",
        "plain": "shape",
    },
)
