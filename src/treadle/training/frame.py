"""The rows to learn from: features, label, and which part each row belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from treadle.errors import InvalidInput, NotFound
from treadle.models import Signature

if TYPE_CHECKING:
    from treadle.models import Task

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class Frame:
    """n rows: `features` (numbers, booleans, text), `label` of length n, and `split` ("train", "validation", "test"), shape (n,).

    `ids` names the rows to people. `positive` is the class that counts as a yes (binary; left out: the greater one).
    Raises `InvalidInput` for different lengths and for parts that are none.
    """

    features: pa.Table
    label: Any
    split: np.ndarray
    ids: pa.Table | None = None
    label_name: str = "label"
    positive: object = None

    def __post_init__(self) -> None:
        lengths = {"label": len(self.label), "split": len(self.split)}
        for field, length in lengths.items():
            if length != self.features.num_rows:
                raise InvalidInput(f"{field} has {length} values for {self.features.num_rows} rows.", field=field)
        strange = set(np.unique(np.asarray(self.split)).tolist()) - set(PARTS)
        if strange:
            raise InvalidInput(
                f"{min(strange, key=str)!r} is not a part of a split.", mend=f"Use {', '.join(PARTS)}.", field="split"
            )

    @classmethod
    def of(
        cls,
        table: pa.Table,
        *,
        features: Sequence[str],
        label: str,
        split: str = "split",
        ids: Sequence[str] = (),
        positive: object = None,
    ) -> Frame:
        """The frame in a table that has features, label and split as columns; raises `NotFound` for one that is missing."""
        for name in (*features, label, split, *ids):
            if name not in table.column_names:
                raise NotFound.among("column", name, table.column_names, field=name)
        parts = np.array(table[split].to_pylist(), dtype=str)
        keys = table.select(list(ids)) if ids else None
        return cls(table.select(list(features)), table[label], parts, keys, label, positive)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.features.num_rows

    @property
    def label_array(self) -> pa.ChunkedArray:
        """The label in Arrow, whatever it was given as."""
        if isinstance(self.label, pa.ChunkedArray):
            return self.label
        return pa.chunked_array([self.label if isinstance(self.label, pa.Array) else pa.array(self.label)])

    def part(self, name: str) -> Frame:
        """The rows of one part."""
        mask = pa.array(np.asarray(self.split) == name)
        return Frame(
            self.features.filter(mask),
            self.label_array.filter(mask),
            np.asarray(self.split)[np.asarray(mask)],
            None if self.ids is None else self.ids.filter(mask),
            self.label_name,
            self.positive,
        )

    def signature(self, task: Task) -> Signature:
        """What a model over these rows reads and answers; classes in sorted order, the positive one last.

        Raises `InvalidInput` for features that are neither numbers, booleans nor text, and for a label that does not fit the task.
        """
        classes = () if task == "regression" else self.classes(task)
        return Signature.of(
            self.features, self.features.column_names, task=task, label=self.label_name, classes=classes
        )

    def classes(self, task: Task) -> tuple[Any, ...]:
        """The label's values in sorted order; for a binary task the positive one comes second."""
        values = sorted(value for value in self.label_array.unique().to_pylist() if value is not None)
        if len(values) < 2:
            only = f" ({values[0]!r})" if values else ""
            raise InvalidInput(
                f"The label {self.label_name!r} has only one class{only} in {self.rows:,} rows.",
                mend="A classifier needs rows of at least two; look at the split and the filter.",
                field=self.label_name,
            )
        if task == "multiclass":
            return tuple(values)
        if len(values) > 2:
            raise InvalidInput(
                f"The label {self.label_name!r} has {len(values)} classes; a binary task has two.",
                mend='Make the task "multiclass".',
                field=self.label_name,
            )
        return self._yes_last(values)

    def _yes_last(self, values: list[Any]) -> tuple[Any, ...]:
        if self.positive is None:
            return tuple(values)
        if self.positive not in values:
            raise InvalidInput(
                f"The positive class {self.positive!r} does not occur in the label {self.label_name!r}.",
                mend=f"Choose {values[0]!r} or {values[1]!r}.",
                field="positive",
            )
        ordered = tuple(sorted(values, key=lambda value: value == self.positive))
        if ordered == (1, 0) and not isinstance(values[0], bool):
            # A model fitted on class positions could not be told from one fitted on these very values in the other order.
            raise InvalidInput(
                f"The positive class of {self.label_name!r} is 0, and 1 is the other.",
                mend="Turn the label round, or write it as text or booleans.",
                field="positive",
            )
        return ordered
