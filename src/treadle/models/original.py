"""The fitted estimator itself, asked the way every packaged form of it will be asked."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from treadle.errors import InvalidInput
from treadle.models.columns import frame_of
from treadle.models.signature import Signature, class_type_of


@dataclass(frozen=True)
class Original:
    """An estimator and the signature in the order of its classes.

    `order` is the order of the columns it was fitted on, `framed` whether it was fitted on named columns.
    """

    estimator: Any
    signature: Signature
    order: tuple[str, ...]
    framed: bool

    @classmethod
    def of(cls, estimator: Any, signature: Signature) -> Original:
        """Match an estimator with a signature; raises `InvalidInput` when columns, classes or methods do not fit."""
        method = "predict" if signature.task == "regression" else "predict_proba"
        if not callable(getattr(estimator, method, None)):
            raise InvalidInput(
                f"{type(estimator).__name__} has no method {method}, which a {signature.task} model needs.",
                mend="Wrap it in sklearn.calibration.CalibratedClassifierCV, which gives probabilities."
                if method == "predict_proba"
                else "Fit a regressor.",
                field="estimator",
            )
        named = getattr(estimator, "feature_names_in_", None)
        order = _order(signature, None if named is None else [str(name) for name in named])
        counted = getattr(estimator, "n_features_in_", len(order))
        if counted != len(order):
            raise InvalidInput(
                f"The estimator was fitted on {counted} columns, the signature has {len(order)}.",
                mend="Name exactly the columns it was fitted on.",
                field="inputs",
            )
        return cls(estimator, _with_classes(estimator, signature), order, named is not None)

    def answer(self, columns: Mapping[str, Any]) -> np.ndarray:
        """Scores, shape (n, classes), or values, shape (n,), for columns as `frame_of` takes them.

        Raises whatever the estimator raises, and `InvalidInput` when its answer has another shape.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if self.signature.task == "regression":
                answer = np.asarray(self.estimator.predict(self.asked(columns)), dtype=np.float64)
            else:
                answer = np.asarray(self.estimator.predict_proba(self.asked(columns)), dtype=np.float64)
        return self._shaped(answer)

    def predict_positions(self, columns: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
        """The answer, and the position of the class the estimator itself predicts for each row (zeros for regression)."""
        answer = self.answer(columns)
        if self.signature.task == "regression":
            return answer, np.zeros(len(answer), dtype=np.int64)
        classes = getattr(self.estimator, "classes_", None)
        if classes is None or not callable(getattr(self.estimator, "predict", None)):
            return answer, answer.argmax(axis=1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            labels = np.asarray(self.estimator.predict(self.asked(columns)))
        place = {value: position for position, value in enumerate(np.asarray(classes).tolist())}
        return answer, np.array([place[value] for value in labels.tolist()], dtype=np.int64)

    def asked(self, columns: Mapping[str, Any]) -> Any:
        """The rows in the form the estimator was fitted on: a data frame, or a plain array when it knows no names."""
        frame = frame_of(columns, self.signature)[list(self.order)]
        return frame if self.framed or not hasattr(self.estimator, "n_features_in_") else frame.to_numpy()

    def _shaped(self, answer: np.ndarray) -> np.ndarray:
        if self.signature.task == "regression":
            if answer.ndim == 2 and answer.shape[1] == 1:
                answer = answer[:, 0]
            expected = (len(answer),)
        else:
            expected = (len(answer), len(self.signature.classes))
        if answer.shape != expected:
            raise InvalidInput(
                f"The estimator answers with the shape {list(answer.shape)}, a {self.signature.task} model with {list(expected)}.",
                mend="Check the task and the classes.",
                field="estimator",
            )
        return answer


def describe(estimator: Any) -> dict[str, Any]:
    """What made the model: the class of the estimator and the versions of the packages it is made of."""
    from treadle.models.rewrite import parts

    packages = {type(part).__module__.partition(".")[0] for part in (estimator, *parts(estimator))} | {"numpy"}
    versions = {name: getattr(sys.modules.get(name), "__version__", None) for name in sorted(packages)}
    return {
        "estimator": f"{type(estimator).__module__}.{type(estimator).__qualname__}",
        "frameworks": {name: str(version) for name, version in versions.items() if version},
    }


def _order(signature: Signature, named: list[str] | None) -> tuple[str, ...]:
    if named is None:
        return signature.names
    strange = sorted(set(named) ^ set(signature.names))
    if strange:
        where = "the estimator was fitted with it" if strange[0] in named else "the estimator was fitted without it"
        raise InvalidInput(
            f"The signature and the estimator differ in {strange[0]!r}: {where}.",
            mend="Name exactly the columns it was fitted on.",
            field=strange[0],
        )
    return tuple(named)


def _with_classes(estimator: Any, signature: Signature) -> Signature:
    """The signature with its classes in the estimator's order; positions count when the estimator learned plain numbers."""
    classes = getattr(estimator, "classes_", None)
    if signature.task == "regression" or classes is None:
        return signature
    learned = np.asarray(classes).tolist()
    names = tuple(str(value) for value in learned)
    if set(names) == set(signature.classes):
        kind = class_type_of(learned) if signature.class_type == "text" else signature.class_type
        return replace(signature, classes=names, class_type=kind)
    if len(names) == len(signature.classes) and learned == list(range(len(names))):
        return signature
    raise InvalidInput(
        f"The estimator knows the classes {', '.join(names[:8])}; the signature says {', '.join(signature.classes[:8])}.",
        mend="Name the classes the estimator was fitted on.",
        field="classes",
    )
