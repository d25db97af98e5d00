"""Models by the digest of their package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from treadle.artifacts import ArtifactStore
from treadle.errors import NotFound
from treadle.models.package import Package
from treadle.models.signature import Signature
from treadle.models.trust import Trust

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from treadle.models.prediction import Prediction


class Session(Protocol):
    """A model that is open: an ONNX file in this process, or a Python pipeline behind its wall."""

    package: Package
    signature: Signature

    @property
    def takes_matrix(self) -> bool:
        """Whether it answers one float matrix with one call."""
        ...

    def predict(self, columns: Mapping[str, Any] | pa.Table) -> Prediction:
        """The prediction for named columns or an Arrow table; raises `InvalidInput` that names the column that does not fit."""
        ...

    def warm(self) -> None:
        """Make the first answer as quick as the next; raises `Corrupt` for a model that cannot be opened here."""
        ...

    def predict_prepared(self, ready: Mapping[str, np.ndarray]) -> Prediction:
        """The prediction for columns that `prepare` made ready."""
        ...

    def predict_rows(self, matrix: np.ndarray) -> Prediction:
        """The prediction for rows of one matrix, columns in the order of the signature."""
        ...

    def close(self) -> None:
        """Let go of processes and memory."""
        ...


class ModelStore:
    """Looks at packages and opens them.

    Looking never unpickles. A Python package is opened only when it was made in this project or is trusted explicitly.
    """

    def __init__(self, store: ArtifactStore) -> None:
        self.store = store
        self.trust = Trust(store.root / "trusted")

    def load(self, digest: str) -> Package:
        """The manifest of the package. Raises `NotFound`, `Corrupt`."""
        return Package.decode(self.store.get(digest))

    def open(self, digest: str, *, trust_python: bool = False) -> Session:
        """A session for the package.

        Raises `NotFound` when bytes are not here, `Corrupt` when they are damaged or no model, `Refused` for a Python package
        that is not trusted.
        """
        package = self.load(digest)
        if "model" not in package.files:
            raise NotFound("The package names no model file.", mend="Package the model again.", field="package")
        if package.format == "python":
            if not trust_python:
                self.trust.require(digest)
            from treadle.models.wall import PythonSession

            return PythonSession(package, self.store.get(package.files["model"]))
        from treadle.models.session import OnnxSession

        return OnnxSession(package, self.store.get(package.files["model"]))
