"""What a live check looks at: one window of served traffic beside what the model was released on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

Counts = Sequence[float]


@dataclass(frozen=True)
class LiveWindow:
    """The predictions and labels of `[begin, end)` in event time, summarised.

    `columns` gives for each feature the counts per bin at release and in the window, over the same bins; `quality` and
    `released_quality` give metrics by name; `labels` is how many predictions of the window have their label.
    """

    begin: datetime
    end: datetime
    predictions: int
    labels: int = 0
    columns: Mapping[str, tuple[Counts, Counts]] = field(default_factory=dict)
    quality: Mapping[str, float] = field(default_factory=dict)
    released_quality: Mapping[str, float] = field(default_factory=dict)
