"""Split by time: learn from the past, judge on the future."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from treadle.datasets.splits.fractions import Split
from treadle.errors import InvalidInput

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


@dataclass(frozen=True)
class Time(Split):
    """The oldest rows train, later ones validate, the latest test; rows of one instant stay in one part.

    >>> import pyarrow as pa
    >>> rows = pa.table({"at": [30, 10, 20, 40], "y": [0, 1, 0, 1]})
    >>> Time(train=0.5, validation=0.25, test=0.25).assign(rows, time="at", label="y").tolist()
    ['validation', 'train', 'train', 'test']
    """

    def assign(self, table: pa.Table, *, time: str | None, label: str = "") -> np.ndarray:  # noqa: ARG002
        """See `Split.assign`; `time` is the column with the event time."""
        import numpy as np

        if time is None:
            raise InvalidInput(
                "The rows have no event time to split by.",
                mend="Give the source time=…, or use splits.Random.",
                field="split",
            )
        column = self._column(table, time, "time")
        instants = column.to_numpy()
        if len(instants) == 0:
            return self._cut(np.empty(0))
        # The position of an instant is the share of rows strictly before it, so ties share their position and their part.
        ordered = np.sort(instants)
        positions = np.searchsorted(ordered, instants, side="left") / len(instants)
        if ordered[0] == ordered[-1] and len(instants) > 1:
            raise InvalidInput(
                f"All {len(instants)} rows have the same {time!r}, so they cannot be split by time.",
                mend="Use splits.Random or another time column.",
                field=time,
            )
        return self._cut(positions)
