"""Makes a model file of a fitted estimator, and proves on real rows that the file answers as the estimator does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from treadle.artifacts import ArtifactStore
from treadle.errors import InvalidInput, TreadleError
from treadle.models.arrow import columns_of
from treadle.models.original import Original, describe
from treadle.models.package import Package, Parity
from treadle.models.parity import compare_answers
from treadle.models.probes import nullable_fields, with_probes
from treadle.models.signature import Signature, Task
from treadle.models.store import ModelStore

if TYPE_CHECKING:
    import pyarrow as pa

    from treadle.models.convert import Converted
    from treadle.models.store import Session

SAMPLE_ROWS = 2_000
"""How many rows of the sample are compared, taken evenly from it."""


class Packager:
    """Packages estimators and ONNX files into an artifact store."""

    def __init__(self, store: ArtifactStore) -> None:
        self.store = store
        self._models = ModelStore(store)

    def package(
        self,
        estimator: Any,
        signature: Signature,
        sample: pa.Table,
        *,
        metadata: Mapping[str, Any] | None = None,
        beside: Mapping[str, bytes] | None = None,
    ) -> Package:
        """Package a fitted estimator: as ONNX when the file answers the sample as the estimator does, else as Python.

        `sample` holds real rows with the raw columns of the signature. Missing values and unseen categories are tried beside
        them. The package's `parity` says what was measured, its `reason` why it is not ONNX. `beside` are further files to keep
        with the model, by role. The same estimator, sample, metadata and files give the same digest.

        Raises `InvalidInput` when signature, estimator and sample do not fit together or the estimator cannot answer its own
        sample, and `Unavailable` when the disk is full.
        """
        original = Original.of(estimator, signature)
        columns = _thinned(columns_of(sample, signature), sample.num_rows)
        answer = _asked(original, columns)
        original = replace(original, signature=nullable_fields(original, columns))
        columns = with_probes(original, columns, answer)
        answer, positions = original.predict_positions(columns)
        described = {**describe(estimator), **(metadata or {})}
        reasons: list[str] = []
        for converted in _conversions(original):
            if isinstance(converted, str):
                reasons.append(converted)
                continue
            package, parity = self._onnx(converted, original, columns, answer, positions, described)
            if parity.passed:
                return self._kept(package, beside)
            reasons.append(parity.reason)
        reason = "; ".join(dict.fromkeys(reasons))
        return self._kept(self._python(original, columns, answer, positions, described, reason), beside)

    def package_onnx(
        self,
        model: bytes,
        *,
        signature: Signature | None = None,
        task: Task | None = None,
        classes: tuple[str, ...] = (),
        label: str = "",
        metadata: Mapping[str, Any] | None = None,
    ) -> Package:
        """Package an ONNX file that was made elsewhere; what it reads and answers is taken from the file.

        `task` and `classes` are needed when the file does not say them; a `signature` names the columns of a wide input. There
        is no original to compare with, so `parity` is None. Raises `InvalidInput` for a file that is damaged, hostile, or no
        model of one of the three tasks, saying which.
        """
        from treadle.models.foreign import read_foreign
        from treadle.models.trial import try_apart

        package, data = read_foreign(model, signature=signature, task=task, classes=classes, label=label)
        package = replace(package, files={"model": self.store.put(data)}, metadata=dict(metadata or {}))
        try_apart(package, data)
        return self._kept(package)

    def _onnx(
        self,
        converted: Converted,
        original: Original,
        columns: Mapping[str, np.ndarray],
        answer: np.ndarray,
        positions: np.ndarray,
        metadata: dict[str, Any],
    ) -> tuple[Package, Parity]:
        from treadle.models.session import OnnxSession

        package = Package(
            "onnx", original.signature, {}, metadata=metadata, feeds=converted.feeds, output=converted.output
        )
        try:
            parity = _parity(OnnxSession(package, converted.data), columns, answer, positions)
        except TreadleError as error:
            parity = Parity(len(answer), 0.0, 0.0, 0.0, False, 0.0, error.message)
        if parity.passed:
            package = replace(package, files={"model": self.store.put(converted.data)}, parity=parity)
        return package, parity

    def _python(
        self,
        original: Original,
        columns: Mapping[str, np.ndarray],
        answer: np.ndarray,
        positions: np.ndarray,
        metadata: dict[str, Any],
        reason: str,
    ) -> Package:
        from treadle.models.pickled import pickled
        from treadle.models.wall import PythonSession

        data = pickled(original.estimator)
        package = Package(
            "python", original.signature, {"model": self.store.put(data)}, metadata=metadata, reason=reason
        )
        session = PythonSession(package, data)
        try:
            package = replace(package, parity=_parity(session, columns, answer, positions))
        finally:
            session.close()
        return package

    def _kept(self, package: Package, beside: Mapping[str, bytes] | None = None) -> Package:
        if beside:
            further = {role: self.store.put(data) for role, data in sorted(beside.items())}
            package = replace(package, files={**further, **package.files})
        self.store.put(package.encode())
        if package.format == "python":
            self._models.trust.grant(package.digest, "packaged in this project")
        return package


def _conversions(original: Original) -> Any:
    """ONNX files to try, or the reason why there is none."""
    from treadle.models.convert import Converted, conversions

    for attempt in conversions(original.estimator, original.signature, original.order):
        yield attempt if isinstance(attempt, Converted) else attempt.reason


def _parity(session: Session, columns: Mapping[str, np.ndarray], answer: np.ndarray, positions: np.ndarray) -> Parity:
    prediction = session.predict(columns)
    if session.signature.task == "regression":
        return compare_answers(answer, prediction.labels, None)
    labels = np.array([str(value) for value in session.signature.labels], dtype=object)
    same = np.array([str(value) for value in prediction.labels.tolist()], dtype=object) == labels[positions]
    assert prediction.scores is not None
    return compare_answers(answer, prediction.scores, same)


def _thinned(columns: dict[str, np.ndarray], rows: int) -> dict[str, np.ndarray]:
    if not rows:
        raise InvalidInput("The sample has no rows.", mend="Give some real rows to compare on.", field="sample")
    taken = np.unique(np.linspace(0, rows - 1, min(rows, SAMPLE_ROWS)).astype(np.int64))
    return {name: values[taken] for name, values in columns.items()}


def _asked(original: Original, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    try:
        return original.answer(columns)
    except TreadleError:
        raise
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise InvalidInput(
            f"The estimator cannot answer its own sample: {lines[0][:300]}",
            mend="Give rows with the columns and types it was fitted on.",
            field="sample",
        ) from error
