"""A reference for a system that was never released here: its own first weeks of traffic."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from treadle.clock import from_micros, micros
from treadle.monitoring.days import DAY
from treadle.monitoring.reference import Reference

if TYPE_CHECKING:
    from treadle.models import Task
    from treadle.monitoring.window import Look

LEARNING = timedelta(days=28)  # four of every weekday
_NO_FEATURES = {"id", "at", "version", "variant"}


def learned(look: Look, first: datetime, task: Task) -> Reference | None:
    """What the traffic of the first `LEARNING` days from `first` on was like; None when there was none."""
    begin = from_micros(micros(first) // DAY * DAY)
    answers, inputs = look.predictions(begin, begin + LEARNING), look.features(begin, begin + LEARNING)
    if not answers.num_rows:
        return None
    names = [name for name in inputs.column_names if name not in _NO_FEATURES]
    return Reference.of(inputs, names, time="at", answers=answers, task=task)
