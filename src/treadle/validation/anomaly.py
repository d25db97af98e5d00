"""Where a dataset differs from what is expected of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from treadle.validation.schema import AnomalyKind, Reaction


@dataclass(frozen=True)
class Anomaly:
    """One difference: what was expected and found (`message`), what to do (`mend`), and what it does (`reaction`).

    `value` is what was measured and `threshold` what it was compared with; `examples` are a few offending values or rows.
    """

    kind: AnomalyKind
    column: str
    message: str
    mend: str
    reaction: Reaction
    value: float | None = None
    threshold: float | None = None
    examples: tuple[Any, ...] = ()

    @property
    def blocks(self) -> bool:
        """Whether it stops the pipeline."""
        return self.reaction == "block"

    def __str__(self) -> str:
        return f"{self.message} {self.mend}".rstrip()

    def to_plain(self) -> dict[str, Any]:
        """This anomaly as plain values."""
        return {
            "kind": self.kind,
            "column": self.column,
            "message": self.message,
            "mend": self.mend,
            "reaction": self.reaction,
            "value": self.value,
            "threshold": self.threshold,
            "examples": [str(example) for example in self.examples],
        }


@dataclass(frozen=True)
class Facts:
    """What a profile cannot tell: rows whose key is not theirs alone, and rows from the future.

    `duplicates` counts rows beyond the first of each key (of each key and created time, when there is one: a row that arrived
    later is a correction); `future` counts rows by time column, `future_examples` are their keys.
    """

    duplicates: int = 0
    duplicate_examples: tuple[str, ...] = ()
    future: Mapping[str, int] = field(default_factory=dict, hash=False)
    future_examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
