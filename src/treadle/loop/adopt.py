"""Adopt: register a model that was trained elsewhere, so that it is served, judged and audited like any other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treadle.errors import InvalidInput
from treadle.evaluation import CandidateContext, Evaluation, standard_gates
from treadle.models import Signature

if TYPE_CHECKING:
    import pyarrow as pa

    from treadle.evidence import Check
    from treadle.loop.turn import Rooms
    from treadle.models import Package, Task
    from treadle.registry import ModelVersion

# What a model trained elsewhere can be asked: there is no baseline, champion or search of ours to compare it with.
_ASKED = ("parity_holds", "calibrated")


def adopt_model(
    model: Any,
    name: str,
    rooms: Rooms,
    *,
    task: Task,
    data: Any,
    label: str,
    features: Sequence[str] | None = None,
    gates: Sequence[Check[Any]] = (),
    tags: dict[str, str] | None = None,
) -> ModelVersion:
    """Register a fitted estimator or an ONNX file as a version of the model `name`.

    `data` (a pandas DataFrame or Arrow table of labelled rows the model did not learn from) gives the signature, the parity
    check and the evaluation; `label` is its label column, `features` the columns the model reads (default: all others). The
    gates that make sense without a training of ours are asked, and `gates` on top; promoting reads their verdicts.

    Raises `InvalidInput` when model, data and task do not fit together.
    """
    rows = _as_arrow(data)
    if label not in rows.column_names:
        raise InvalidInput(f"The data has no label column {label!r}.", mend="Name it with label=….", field="label")
    names = tuple(features) if features is not None else tuple(c for c in rows.column_names if c != label)
    package = _packaged(model, rooms, rows, names, task, label)
    evaluation = _evaluated(package, rooms, rows, task, label, name)
    asked = (*(gate for gate in standard_gates(task) if gate.name in _ASKED and _can_ask(gate, package)), *gates)
    context = CandidateContext(evaluation=evaluation, parity=package.parity, format=package.format)

    def judge(version: ModelVersion) -> None:
        for gate in asked:
            rooms.ledger.run(gate, version.subject, context)

    return rooms.registry.create_version(
        name,
        package,
        metrics={metric: estimate.value for metric, estimate in evaluation.metrics.items()},
        gates=[gate.name for gate in asked if gate.reaction == "block"],
        card={"task": task, "label": label, "trained": "elsewhere"},
        tags=tags,
        trigger="registered by hand",
        documents={"evaluation": evaluation},
        judge=judge,
    )


def _can_ask(gate: Check[Any], package: Package) -> bool:
    return gate.name != "parity_holds" or package.parity is not None


def _packaged(model: Any, rooms: Rooms, rows: pa.Table, names: tuple[str, ...], task: Task, label: str) -> Package:
    classes = (
        () if task == "regression" else tuple(sorted(v for v in rows[label].unique().to_pylist() if v is not None))
    )
    signature = Signature.of(rows, names, task=task, label=label, classes=classes)
    if isinstance(model, str | Path):
        path = Path(model)
        if not path.is_file():
            raise InvalidInput(f"There is no model file {path}.", mend="Check the path.", field="model")
        return rooms.packager.package_onnx(
            path.read_bytes(), task=task, classes=tuple(str(c) for c in classes), label=label, signature=signature
        )
    if isinstance(model, bytes):
        return rooms.packager.package_onnx(
            model, task=task, classes=tuple(str(c) for c in classes), label=label, signature=signature
        )
    return rooms.packager.package(model, signature, rows, metadata={"trained": "elsewhere"})


def _evaluated(package: Package, rooms: Rooms, rows: pa.Table, task: Task, label: str, name: str) -> Evaluation:
    session = rooms.models.open(package.digest)
    try:
        answer = session.predict(rows)  # type: ignore[arg-type]  # an Arrow table is a mapping of columns to it
    finally:
        session.close()
    truth = rows[label].to_pylist()
    classes = session.signature.classes
    return Evaluation.of(
        task, truth, answer.labels, answer.scores, classes=classes, model=name, dataset="rows given at registration"
    )


def _as_arrow(data: Any) -> pa.Table:
    import pyarrow as pa

    if isinstance(data, pa.Table):
        return data
    if hasattr(data, "columns") and hasattr(data, "to_dict"):
        return pa.Table.from_pandas(data, preserve_index=False)
    raise InvalidInput(
        f"data must be a pandas DataFrame or an Arrow table, not {type(data).__name__}.",
        mend="Read it first: pandas.read_csv(path).",
        field="data",
    )
