"""What materialising a view did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Materialization:
    """One view written to the online store.

    `until` is the instant it was worked out for: the one asked for, rounded down to the view's cadence. `dataset` is the version of
    the source's dataset that was read, such as `"flights@3"`.
    """

    view: str
    until: datetime
    entities: int
    seconds: float
    dataset: str
    table: str
