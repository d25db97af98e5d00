"""A frame made ready for estimators, once for all candidates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from treadle.errors import InvalidInput
from treadle.evaluation import encode_classes, number_array
from treadle.models import Signature, columns_of, frame_of
from treadle.training.frame import Frame

if TYPE_CHECKING:
    import pandas as pd

    from treadle.models import Task


@dataclass(frozen=True)
class Part:
    """The rows of one part: `X` as estimators see it, `y` as class positions or numbers, shape (n,)."""

    X: pd.DataFrame
    y: np.ndarray

    def __len__(self) -> int:
        return len(self.y)

    def sample(self, rows: int, seed: int) -> Part:
        """At most `rows` of the rows, drawn by `seed`, in their order."""
        if len(self) <= rows:
            return self
        chosen = np.sort(np.random.default_rng(seed).choice(len(self), size=rows, replace=False))
        return Part(self.X.iloc[chosen], self.y[chosen])

    def without(self, other: Part) -> Part:
        """The rows that a sample of them left over."""
        rest = ~self.X.index.isin(other.X.index)
        return Part(self.X.loc[rest], self.y[rest])


@dataclass(frozen=True)
class Prepared:
    """The parts of a frame in the form estimators are fitted on, with the signature they share."""

    signature: Signature
    train: Part
    validation: Part
    test: Part

    def part(self, name: str) -> Part:
        """One of the parts by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}[name]


def prepare(frame: Frame, task: Task) -> Prepared:
    """Check the rows and convert them.

    Raises `InvalidInput` that names the column: a label that is missing somewhere or has one class only, a feature without any
    value in the training rows, an infinite number, no training rows.
    """
    if frame.features.num_columns == 0:
        raise InvalidInput("There are no features to learn from.", mend="Name at least one.", field="features")
    split = np.asarray(frame.split)
    if not (split == "train").any():
        raise InvalidInput("There are no training rows.", mend="Look at the split and the filter.", field="split")
    signature = frame.signature(task)
    y = _target(frame, signature)
    X = frame_of(columns_of(frame.features, signature), signature)
    _refuse_useless(X, split == "train")
    if task != "regression":
        _refuse_one_class(frame, signature, y[split == "train"])
    parts = [
        Part(X.loc[split == name].reset_index(drop=True), y[split == name]) for name in ("train", "validation", "test")
    ]
    return Prepared(signature, *parts)


def _target(frame: Frame, signature: Signature) -> np.ndarray:
    if signature.task == "regression":
        return number_array(frame.label, frame.label_name)
    return encode_classes(frame.label, signature.classes, field=frame.label_name)


def _refuse_useless(X: Any, train: np.ndarray) -> None:
    for name in X.columns:
        values = X[name].to_numpy()
        if X[name].isna().to_numpy()[train].all():
            raise InvalidInput(
                f"The feature {name!r} has no value in any of the {int(train.sum()):,} training rows.",
                mend="Leave it out, or look where it comes from.",
                field=str(name),
            )
        if values.dtype.kind == "f" and np.isinf(values).any():
            row = int(np.argmax(np.isinf(values)))
            raise InvalidInput(
                f"The feature {name!r} is infinite in row {row} (or too large for a 32-bit float).",
                mend="Leave such rows out, or limit the value.",
                field=str(name),
            )


def _refuse_one_class(frame: Frame, signature: Signature, y: np.ndarray) -> None:
    counts = np.bincount(y, minlength=len(signature.classes))
    gone = [name for name, count in zip(signature.classes, counts, strict=True) if count == 0]
    if gone:
        raise InvalidInput(
            f"The training rows of the label {frame.label_name!r} have no row of the class {gone[0]!r}.",
            mend="Split another way, or train on a longer time.",
            field=frame.label_name,
        )
