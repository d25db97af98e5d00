"""The three parts of a split and their fractions."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from treadle.datasets.declared import declared_at
from treadle.errors import DeclarationError, InvalidInput, suggest

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Split(ABC):
    """Divides rows into train, validation and test by fractions that sum to one.

    Raises `DeclarationError` with the file and line for fractions that do not.
    """

    train: float = field(default=0.7, kw_only=True)
    validation: float = field(default=0.2, kw_only=True)
    test: float = field(default=0.1, kw_only=True)
    declared_at: str = field(default="", kw_only=True, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "declared_at", self.declared_at or declared_at())
        for part in PARTS:
            value = getattr(self, part)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
                raise self._error(f"{part} must be a fraction between 0 and 1, not {value!r}.", "", part)
        if self.train == 0:
            raise self._error("train must be more than 0: there would be nothing to learn from.", "", "train")
        total = self.train + self.validation + self.test
        if not math.isclose(total, 1.0, abs_tol=1e-9):
            raise self._error(
                f"The fractions sum to {total:g}, not 1.",
                "Write, for example, train=0.7, validation=0.2, test=0.1.",
                "train",
            )

    @abstractmethod
    def assign(self, table: pa.Table, *, time: str | None, label: str) -> np.ndarray:
        """For each row of `table` the part it belongs to: an array of `"train"`, `"validation"`, `"test"`, in row order.

        Raises `InvalidInput` for a column that is missing or cannot be split by.
        """

    def _cut(self, positions: np.ndarray) -> np.ndarray:
        """The part of each relative position in [0, 1)."""
        import numpy as np

        # Fractions such as 0.7 + 0.2 are not exact in binary; a tenth of a billionth keeps a boundary row where it belongs.
        edges = np.array([self.train, self.train + self.validation]) - 1e-10
        return np.array(PARTS)[np.searchsorted(edges, positions, side="right")]

    def _column(self, table: pa.Table, name: str, why: str) -> pa.ChunkedArray:
        if name not in table.column_names:
            raise InvalidInput(
                f"The rows have no column {name!r} to split by {why}.",
                mend=suggest(name, table.column_names),
                field=name,
            )
        column = table.column(name)
        if column.null_count:
            raise InvalidInput(
                f"Column {name!r} is missing in {column.null_count} of {len(column)} rows, so they cannot be split by {why}.",
                mend="Fill or leave out these rows first.",
                field=name,
            )
        return column

    def _error(self, message: str, mend: str, part: str) -> DeclarationError:
        return DeclarationError(
            f"splits.{type(self).__name__}: {message}", mend=mend, field=part, where=self.declared_at
        )
