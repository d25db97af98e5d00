"""Small deployed models, and a data plane that serves them without a network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from treadle.artifacts import ArtifactStore
from treadle.models import Package, Packager, Signature, columns_of, frame_of
from treadle.serving import Endpoints


@pytest.fixture(scope="session")
def rows() -> pa.Table:
    rng = np.random.default_rng(5)
    n = 300
    x, z = rng.normal(size=n), rng.normal(size=n)
    dest = rng.choice(["IAH", "MIA", "BOS"], n)
    return pa.table(
        {
            "x": x,
            "z": z,
            "dest": dest,
            "late": x + (dest == "IAH") > 0.4,
            "kind": np.where(x > 0, "up", "down"),
            "delay": x * 3 + z,
        }
    )


@pytest.fixture(scope="session")
def packaged(rows: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """`packaged(name)`: a package and the store that holds it; made once."""
    store = ArtifactStore(tmp_path_factory.mktemp("models") / "artifacts")
    made: dict[str, Package] = {}

    def make(name: str) -> Package:
        if name not in made:
            made[name] = _package(name, rows, store)
        return made[name]

    make.store = store  # type: ignore[attr-defined]
    return make


def _package(name: str, rows: pa.Table, store: ArtifactStore) -> Package:
    columns, task, label = {
        "numbers": (["x", "z"], "binary", "late"),
        "weaker": (["x", "z"], "binary", "late"),
        "mixed": (["x", "dest"], "binary", "late"),
        "text labels": (["x", "z"], "multiclass", "kind"),
        "regression": (["x", "z"], "regression", "delay"),
    }[name]
    classes = ("up", "down", "flat") if task == "multiclass" else ()
    signature = Signature.of(rows, columns, task=task, label=label, classes=classes)  # type: ignore[arg-type]
    frame = frame_of(columns_of(rows, signature), signature)
    y = np.array(rows[label].to_pylist())
    if task == "multiclass":
        y[:5] = "flat"
    model: Any = LogisticRegression(C=0.01 if name == "weaker" else 1.0)
    if task == "regression":
        model = LinearRegression()
    elif name == "mixed":
        texts = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
        model = make_pipeline(ColumnTransformer([("t", texts, ["dest"])], remainder="passthrough"), model)
    return Packager(store).package(model.fit(frame, y), signature, rows)


@pytest.fixture
def endpoints(tmp_path: Path, packaged: Any) -> Endpoints:
    """Endpoints over the store of `packaged`."""
    return Endpoints(tmp_path / "state", artifacts=packaged.store.root)


@pytest.fixture
def deploy(endpoints: Endpoints, packaged: Any) -> Callable[..., Endpoints]:
    """`deploy(name, kind, version=1)`: serve one of the packages; the endpoints."""

    def deployed(name: str, kind: str = "numbers", version: int = 1, plan: Any = None) -> Endpoints:
        endpoints.deploy(name, version, packaged(kind), plan)
        return endpoints

    return deployed


@pytest.fixture
def infer_body() -> Callable[..., bytes]:
    """`infer_body(x=[…], dest=[…], **rest)`: an Open Inference request with one tensor a column."""

    def body(_rest: dict[str, Any] | None = None, **columns: list[Any]) -> bytes:
        inputs = [
            {
                "name": name,
                "shape": [len(values)],
                "datatype": "BYTES" if any(isinstance(v, str) for v in values) else "FP64",
                "data": values,
            }
            for name, values in columns.items()
        ]
        return json.dumps({"inputs": inputs, **(_rest or {})}).encode()

    return body
