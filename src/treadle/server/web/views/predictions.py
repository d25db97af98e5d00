"""What a prediction's page draws: for each feature a bar to the left or the right of a common zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from treadle.governance import FeatureValue

WIDTH = 160  # of the drawing, in its own units


@dataclass(frozen=True)
class Bar:
    """From `x`, `width` wide; `more` when the feature raised the answer."""

    x: float
    width: float
    zero: float
    more: bool


def bars(features: Sequence[FeatureValue]) -> dict[str, Bar]:
    """The bars of all features that added anything, on one scale that just holds the longest of either side."""
    added = {each.name: each.added for each in features if each.added is not None}
    low, high = min([0.0, *added.values()]), max([0.0, *added.values()])
    scale = (WIDTH - 2) / ((high - low) or 1.0)
    zero = 1 - low * scale
    return {
        name: Bar(round(zero + min(value, 0.0) * scale, 1), round(abs(value) * scale, 1), round(zero, 1), value > 0)
        for name, value in added.items()
    }
