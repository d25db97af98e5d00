"""Split at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from treadle.datasets.splits.fractions import Split

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


@dataclass(frozen=True)
class Random(Split):
    """Rows are shuffled by `seed` and cut at the fractions; the same rows and seed give the same parts.

    For rows that do not depend on time. When they do, `Time` is the honest choice.

    >>> import pyarrow as pa
    >>> Random(train=0.5, validation=0.25, test=0.25).assign(pa.table({"y": [0, 1, 0, 1]}), time=None, label="y").tolist()
    ['validation', 'train', 'train', 'test']
    """

    seed: int = 0

    def assign(self, table: pa.Table, *, time: str | None = None, label: str = "") -> np.ndarray:  # noqa: ARG002
        """See `Split.assign`; neither time nor label is looked at."""
        import numpy as np

        order = np.random.default_rng(self.seed).permutation(table.num_rows)
        return self._cut(order / max(table.num_rows, 1))
