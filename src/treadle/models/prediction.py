"""What a model answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from treadle.errors import InvalidInput
from treadle.models.signature import Signature


@dataclass(frozen=True)
class Prediction:
    """The answers for n rows.

    `labels`: the predicted class of each row as the value it is in the data, or the predicted value (regression), shape (n,).
    `scores`: the probability of each class in the order of the signature, shape (n, classes); None for regression.
    `positions`: where each label stands among the classes, shape (n,); None for regression.
    """

    labels: np.ndarray
    scores: np.ndarray | None = None
    positions: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.labels)


def prediction_of(signature: Signature, answer: np.ndarray) -> Prediction:
    """The prediction in a model's raw answer: (n, classes) scores or (n,) values; the label is the class of the best score."""
    if signature.task == "regression":
        return Prediction(answer.reshape(-1))
    positions = answer.argmax(axis=1)
    return Prediction(label_array(signature)[positions], answer, positions)


def label_array(signature: Signature) -> np.ndarray:
    """The classes as an array of the values they are in the data."""
    labels = signature.labels
    return np.array(labels, dtype=object) if signature.class_type == "text" else np.array(labels)


def refuse_unanswered(signature: Signature, answer: np.ndarray, names: tuple[str, ...] = ()) -> None:
    """Raise `InvalidInput` when an answer is not a finite number, naming the columns that were missing or huge."""
    if np.isfinite(answer).all():
        return
    row = int(np.argmax(~np.isfinite(answer.reshape(len(answer), -1)).all(axis=1)))
    blame = f"; missing or not finite there: {', '.join(names[:5])}" if names else ""
    raise InvalidInput(
        f"The model has no finite answer for row {row}{blame}.",
        mend="Give finite values, or train the model with an imputer.",
        field=names[0] if names else signature.names[0] if signature.names else "inputs",
    )
