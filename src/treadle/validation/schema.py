"""What is expected of a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from treadle.datasets import ColumnType
from treadle.errors import NotFound

Reaction = Literal["block", "warn", "ignore"]
AnomalyKind = Literal[
    "missing_column",
    "new_column",
    "retyped_column",
    "nulls",
    "domain",
    "range",
    "non_finite",
    "duplicates",
    "future",
    "drift",
]

REACTIONS: tuple[Reaction, ...] = get_args(Reaction)
ANOMALY_KINDS: tuple[AnomalyKind, ...] = get_args(AnomalyKind)

DEFAULT_REACTIONS: Mapping[AnomalyKind, Reaction] = {
    "missing_column": "block",
    "new_column": "warn",
    "retyped_column": "block",
    "nulls": "warn",
    "domain": "warn",
    "range": "warn",
    "non_finite": "warn",
    "duplicates": "block",
    "future": "warn",
    "drift": "warn",
}
DEFAULT_DRIFT = 0.2


@dataclass(frozen=True)
class ColumnSchema:
    """What is expected of one column.

    `nulls` is the largest share of rows, 0 to 1, in which the value may be missing; `domain` the values a text may have; `min`
    and `max` the range of a number; `drift` the largest Jensen–Shannon distance to the version before (None: as the schema
    says); `reactions` where they differ from the schema's.
    """

    name: str
    type: ColumnType
    required: bool = True
    nulls: float = 1.0
    domain: tuple[str, ...] | None = None
    min: float | None = None
    max: float | None = None
    drift: float | None = None
    reactions: Mapping[AnomalyKind, Reaction] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Schema:
    """What is expected of a dataset: its key and times, its columns, and what an anomaly of each kind does.

    `"block"` stops the pipeline, `"warn"` is put on record, `"ignore"` is not looked for.
    """

    name: str
    columns: tuple[ColumnSchema, ...]
    key: tuple[str, ...] = ()
    time: str | None = None
    created: str | None = None
    drift: float = DEFAULT_DRIFT
    reactions: Mapping[AnomalyKind, Reaction] = field(default_factory=lambda: dict(DEFAULT_REACTIONS), hash=False)

    def column(self, name: str) -> ColumnSchema:
        """One column. Raises `NotFound` that offers the nearest names."""
        for column in self.columns:
            if column.name == name:
                return column
        raise NotFound.among("column", name, (c.name for c in self.columns), field="column")

    def reaction(self, kind: AnomalyKind, column: str = "") -> Reaction:
        """What an anomaly of this kind in this column does.

        >>> Schema("s", (ColumnSchema("a", "text", reactions={"nulls": "block"}),)).reaction("nulls", "a")
        'block'
        """
        own = next((c.reactions for c in self.columns if c.name == column), {})
        return own.get(kind) or self.reactions.get(kind) or DEFAULT_REACTIONS[kind]
