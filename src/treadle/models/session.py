"""An ONNX model, open and ready to answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

from treadle.errors import Corrupt, InvalidInput
from treadle.models.columns import prepare
from treadle.models.package import Feed, Package
from treadle.models.prediction import Prediction, prediction_of, refuse_unanswered

if TYPE_CHECKING:
    import pyarrow as pa

_ONNX_TYPES = {
    "float": ("tensor(float)", np.float32),
    "double": ("tensor(double)", np.float64),
    "int64": ("tensor(int64)", np.int64),
    "int32": ("tensor(int32)", np.int32),
    "boolean": ("tensor(bool)", np.bool_),
    "string": ("tensor(string)", np.object_),
}

onnxruntime.set_default_logger_severity(4)  # what goes wrong is raised, not printed


class OnnxSession:
    """Answers rows with one thread, so that workers scale by processes and equal rows get equal answers.

    Raises `Corrupt` when the bytes are not the model the manifest describes.
    """

    def __init__(self, package: Package, model: bytes) -> None:
        self.package = package
        self.signature = package.signature
        self._session = open_onnx(model)
        self._direct = getattr(self._session, "_sess", self._session).run
        self._check(package)
        self._outputs = [package.output]
        self._feeds = package.feeds
        single = self._feeds[0] if len(self._feeds) == 1 and not self._feeds[0].flat else None
        self._matrix = single.name if single is not None and single.kind == "float" and self.signature.numeric else ""
        self._width = len(self.signature.classes) or 1
        names = self.signature.names
        same_order = single is not None and single.columns == names
        self._order = None if same_order or single is None else [names.index(column) for column in single.columns]

    @property
    def takes_matrix(self) -> bool:
        """Whether one float matrix is all it reads, so that `answer_rows` costs one call of the runtime."""
        return bool(self._matrix)

    def predict(self, columns: Mapping[str, Any] | pa.Table) -> Prediction:
        """The prediction for named columns (arrays of n values) or an Arrow table.

        Raises `InvalidInput` that names a column that is absent, mistyped, or missing a value the model needs.
        """
        if not isinstance(columns, Mapping):
            from treadle.models.arrow import columns_of

            columns = columns_of(columns, self.signature)
        return self.predict_prepared(prepare(columns, self.signature))

    def warm(self) -> None:
        """Nothing to do: the model was opened with the session."""

    def predict_prepared(self, ready: Mapping[str, np.ndarray]) -> Prediction:
        """The prediction for columns that `prepare` made ready."""
        answer = self._run({feed.name: fill(feed, ready) for feed in self._feeds})
        answer = self._shaped(answer, len(next(iter(ready.values()), ())))
        if not np.isfinite(answer).all():
            refuse_unanswered(self.signature, answer, _not_finite(ready))
        return prediction_of(self.signature, answer)

    def predict_rows(self, matrix: np.ndarray) -> Prediction:
        """The prediction for rows given as one float32 matrix, shape (n, inputs), columns in the order of the signature."""
        if not self._matrix:
            names = self.signature.names
            return self.predict({name: matrix[:, position] for position, name in enumerate(names)})
        return prediction_of(self.signature, self.answer_rows(matrix))

    def answer_rows(self, matrix: np.ndarray) -> np.ndarray:
        """The raw answer, (n, classes) or (n, 1), for one float32 matrix; only where `takes_matrix`.

        A missing or not finite value that the model cannot take comes out as a value that is not finite.
        """
        if self._order is not None:
            matrix = matrix[:, self._order]
        answer = self._run({self._matrix: matrix})
        return (
            answer
            if answer.shape == (len(matrix), self._width)
            else self._shaped(answer, len(matrix)).reshape(-1, self._width)
        )

    def answer_row(self, matrix: np.ndarray) -> np.ndarray | None:
        """`answer_rows` of one row past the runtime's own wrapper, a sixth of a small model; None: use `answer_rows`."""
        if self._order is not None:
            matrix = matrix[:, self._order]
        try:
            answer: Any = self._direct(self._outputs, {self._matrix: matrix}, None)[0]
        except Exception:  # noqa: BLE001 - the general way says what is wrong
            return None
        return answer if answer.shape == (1, self._width) else None

    def close(self) -> None:
        """Nothing to let go of: memory goes with the last reference."""

    def _run(self, feed: dict[str, np.ndarray]) -> np.ndarray:
        try:
            return self._session.run(self._outputs, feed)[0]  # type: ignore[return-value]
        except Exception as error:
            raise InvalidInput(
                f"The model cannot answer these rows: {_said(error)}.",
                mend="Check shapes and categories; a category that was never seen in training may be refused by the model.",
                field="inputs",
            ) from error

    def _shaped(self, answer: np.ndarray, rows: int) -> np.ndarray:
        if self.signature.task == "regression":
            answer = answer.reshape(-1)
            expected: tuple[int, ...] = (rows,)
        else:
            expected = (rows, len(self.signature.classes))
            if answer.ndim == 1 or (answer.ndim == 2 and answer.shape[1] == 1 and expected[1] == 2):
                positive = answer.reshape(-1, 1)  # one probability, of the second class
                answer = np.concatenate([1 - positive, positive], axis=1)
        if answer.shape != expected:
            raise Corrupt(
                f"The model answers with the shape {list(answer.shape)}; its manifest says {list(expected)}.",
                mend="Package the model again with the right task and classes.",
            )
        return answer

    def _check(self, package: Package) -> None:
        inputs = {item.name: item.type for item in self._session.get_inputs()}
        outputs = {item.name for item in self._session.get_outputs()}
        wanted = {feed.name: _ONNX_TYPES[feed.kind][0] for feed in package.feeds}
        if inputs != wanted or package.output not in outputs:
            raise Corrupt(
                "The model file does not fit its manifest: "
                f"it reads {', '.join(sorted(inputs)) or 'nothing'} and answers {', '.join(sorted(outputs)) or 'nothing'}.",
                mend="Package the model again.",
                field="package",
            )


def open_onnx(model: bytes) -> onnxruntime.InferenceSession:
    """A runtime session with one thread. Raises `Corrupt` for bytes that are not an ONNX model it can run."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise Corrupt(
            f"These bytes are not an ONNX model that can be run here: {_said(error)}.",
            mend="Export the model again; opset 21 and below are understood.",
            field="model",
        ) from error


def fill(feed: Feed, ready: Mapping[str, np.ndarray]) -> np.ndarray:
    """One input of the model file, filled with columns that `prepare` made ready."""
    kind = _ONNX_TYPES[feed.kind][1]
    first = ready[feed.columns[0]]
    if feed.flat:
        return first.astype(kind)
    filled = np.empty((len(first), len(feed.columns)), dtype=kind)
    for position, name in enumerate(feed.columns):
        filled[:, position] = ready[name]
    return filled


def _not_finite(ready: Mapping[str, np.ndarray]) -> tuple[str, ...]:
    return tuple(name for name, values in ready.items() if values.dtype.kind == "f" and not np.isfinite(values).all())


def _said(error: Exception) -> str:
    """The runtime's own words, without its codes and paths."""
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return text.rpartition(" : ")[2].removeprefix("Status Message: ").rstrip(".")[:300]
