"""Split at random with the label's classes in proportion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from treadle.datasets.splits.fractions import Split
from treadle.errors import InvalidInput

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_GOLDEN = 0.6180339887498949


@dataclass(frozen=True)
class Stratified(Split):
    """Every class of the label is divided by the same fractions, also when it is rare.

    Rows are shuffled by `seed`, brought together by class, and the n-th takes the n-th member of a Weyl sequence as its
    position. Any stretch of that sequence fills [0, 1) evenly, so each class is off by a row or two at most.
    Source: H. Weyl, "Über die Gleichverteilung von Zahlen mod. Eins", Mathematische Annalen 77 (1916).

    >>> import pyarrow as pa
    >>> rows = pa.table({"y": ["a"] * 10 + ["b"] * 10})
    >>> parts = Stratified(train=0.5, validation=0.3, test=0.2).assign(rows, time=None, label="y")
    >>> [int((half == "train").sum()) for half in (parts[:10], parts[10:])]
    [5, 6]
    """

    seed: int = 0

    def assign(self, table: pa.Table, *, time: str | None = None, label: str) -> np.ndarray:  # noqa: ARG002
        """See `Split.assign`; `label` is the column with the classes."""
        import numpy as np

        column = self._column(table, label, "class").combine_chunks().dictionary_encode()
        if len(column) > 20 and len(column.dictionary) > len(column) / 2:
            raise InvalidInput(
                f"Column {label!r} has {len(column.dictionary)} different values in {len(column)} rows: these are no classes.",
                mend="Use splits.Random or splits.Time for a number that is predicted.",
                field=label,
            )
        # Classes are numbered by how their values sort, not by which came first.
        ranks = np.argsort(np.argsort(np.array([str(v) for v in column.dictionary.to_pylist()])))
        classes = ranks[column.indices.to_numpy(zero_copy_only=False)] if len(column) else np.empty(0, dtype=np.int64)
        random = np.random.default_rng(self.seed)
        shuffled = random.permutation(len(classes))
        order = shuffled[np.argsort(classes[shuffled], kind="stable")]
        positions = np.empty(len(classes))
        positions[order] = np.mod(random.random() + _GOLDEN * np.arange(len(classes)), 1.0)
        return self._cut(positions)
