"""Split so that rows which belong together stay together."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from treadle.datasets.splits.fractions import Split
from treadle.errors import InvalidInput

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


@dataclass(frozen=True)
class Group(Split):
    """All rows with one value of `column` (a customer, a patient, a machine) fall into the same part.

    Groups are put in the order of a digest of their value and `seed`, and cut where their rows reach the fractions. The order of
    the groups there are does not change when rows arrive, so a group seldom changes its part later.

    >>> import pyarrow as pa
    >>> rows = pa.table({"who": ["a", "b", "a", "c", "b", "d"], "y": [0, 1, 0, 1, 0, 1]})
    >>> parts = Group("who", train=0.5, validation=0.25, test=0.25).assign(rows, time=None, label="y")
    >>> parts[0] == parts[2] and parts[1] == parts[4]
    True
    """

    column: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.column, str) or not self.column:
            raise self._error(
                "it needs the column that holds the group.", 'Write splits.Group("customer_id").', "column"
            )

    def assign(self, table: pa.Table, *, time: str | None = None, label: str = "") -> np.ndarray:  # noqa: ARG002
        """See `Split.assign`; neither time nor label is looked at."""
        import numpy as np

        column = self._column(table, self.column, "group").combine_chunks().dictionary_encode()
        values = column.dictionary.to_pylist()
        if len(column) and len(values) < sum(1 for share in (self.train, self.validation, self.test) if share):
            raise InvalidInput(
                f"Column {self.column!r} holds {len(values)} group(s): too few for a part each.",
                mend="Choose a column with more groups, or fewer parts.",
                field=self.column,
            )
        rows_of = column.indices.to_numpy(zero_copy_only=False) if len(column) else np.empty(0, dtype=np.int64)
        sizes = np.bincount(rows_of, minlength=len(values))
        order = np.array(sorted(range(len(values)), key=lambda i: self._rank(values[i])), dtype=np.int64)
        # The middle of a group decides, so that a part is as often too large by half a group as too small.
        middles = np.cumsum(sizes[order]) - sizes[order] / 2
        parts = np.empty(len(values), dtype="<U10")
        parts[order] = self._cut(middles / max(len(column), 1))
        return parts[rows_of]

    def _rank(self, value: object) -> bytes:
        return hashlib.blake2b(f"{self.seed}:{value!r}".encode(), digest_size=16).digest()
