"""Adopt: register a model that was trained elsewhere, so that it is served, judged and audited like any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treadle.errors import InvalidInput
from treadle.evaluation import CandidateContext, Evaluation, compare, standard_gates
from treadle.loop.following import LOOKUP
from treadle.loop.frame import SPLIT, feature_columns, slice_columns
from treadle.loop.judging import gates_of
from treadle.loop.remembering import remember
from treadle.models import Signature
from treadle.monitoring import REFERENCE, made_of

if TYPE_CHECKING:
    import pyarrow as pa

    from treadle.datasets import DatasetVersion
    from treadle.evidence import Check
    from treadle.loop.declaration import Loop
    from treadle.loop.turn import Rooms
    from treadle.models import Package, Prediction, Task
    from treadle.registry import ModelVersion

# What only a training of ours can answer: there is no baseline and no second training of a model from elsewhere.
_NEEDS_TRAINING = ("BetterThanBaseline", "BetterThanSimple", "Reproducible")


def adopt_model(
    model: Any,
    name: str | Loop,
    rooms: Rooms,
    *,
    data: Any,
    task: Task | None = None,
    label: str | None = None,
    features: Sequence[str] | None = None,
    gates: Sequence[Check[Any]] = (),
    tags: dict[str, str] | None = None,
) -> ModelVersion:
    """Register a fitted estimator or an ONNX file as a version of the model `name`, or of a loop's model.

    For a loop, task, label and features are the loop's, its online features are looked up for this version as for any other, and
    the champion is asked about the same rows.

    `data` (a pandas DataFrame or Arrow table of labelled rows the model did not learn from) gives the signature, the parity
    check and the evaluation; `label` is its label column, `features` the columns the model reads (default: all others). The
    gates that make sense without a training of ours are asked, and `gates` on top; promoting reads their verdicts.

    Raises `InvalidInput` when model, data and task do not fit together.
    """
    rows = _as_arrow(data)
    loop = None if isinstance(name, str) else name
    about = _About.of(name, task, label, features, rows)
    package = _packaged(model, rooms, rows, about.features, about.task, about.label)
    evaluation, answer = _evaluated(package.digest, rooms, rows, about, slice_columns(loop) if loop else ())
    context = CandidateContext(evaluation=evaluation, parity=package.parity, format=package.format)
    if loop is not None:
        context = _beside_champion(context, answer, rooms, rows, about)
    wanted = (*standard_gates(about.task), *gates) if loop is None else (*gates_of(loop), *gates)
    asked = [gate for gate in wanted if _can_ask(gate, package, loop) or gate in gates]
    versions = {source.name: rooms.datasets.get(source.name) for source in loop.sources} if loop else {}

    def judge(version: ModelVersion) -> None:
        for gate in asked:
            rooms.ledger.run(gate, version.subject, context)

    return rooms.registry.create_version(
        about.model,
        package,
        dataset=str(versions[loop.source.name]) if loop else None,
        metrics={metric: estimate.value for metric, estimate in evaluation.metrics.items()},
        gates=[gate.name for gate in asked if gate.reaction == "block"],
        card={"task": about.task, "label": about.label, "trained": "elsewhere"},
        tags=tags,
        trigger="registered by hand",
        documents={
            "evaluation": evaluation,
            **({LOOKUP: rooms.feature_store.lookup_plan(loop.views, versions=versions)} if loop and loop.views else {}),
            **(_remembered(loop, rows, rooms, package.digest, versions) if loop else {}),
        },
        judge=judge,
    )


@dataclass(frozen=True)
class _About:
    """What the version is to be: a version of which model, for which task, reading which columns."""

    model: str
    task: Task
    label: str
    features: tuple[str, ...]

    @classmethod
    def of(
        cls, name: str | Loop, task: Task | None, label: str | None, features: Sequence[str] | None, rows: pa.Table
    ) -> _About:
        if not isinstance(name, str):
            about = cls(
                name.name, task or name.label.task, label or name.label.column, tuple(features or feature_columns(name))
            )
        else:
            if task is None or label is None:
                missing = "task" if task is None else "label"
                raise InvalidInput(f"A model by name needs its {missing}.", mend=f"Give {missing}=….", field=missing)
            read = features if features is not None else [c for c in rows.column_names if c != label]
            about = cls(name, task, label, tuple(read))
        if about.label not in rows.column_names:
            raise InvalidInput(
                f"The data has no label column {about.label!r}.", mend="Name it with label=….", field="label"
            )
        return about


def _can_ask(gate: Check[Any], package: Package, loop: Loop | None) -> bool:
    """Whether this can be known of a model that was trained elsewhere."""
    if gate.name == "parity_holds":
        return package.parity is not None
    return gate.name == "calibrated" if loop is None else type(gate).__name__ not in _NEEDS_TRAINING


def _beside_champion(
    context: CandidateContext, answer: Prediction, rooms: Rooms, rows: pa.Table, about: _About
) -> CandidateContext:
    held = [m for m in rooms.registry.models() if m.name == about.model and m.aliases.get("champion")]
    if not held:
        return context
    champion = rooms.models.load(rooms.registry.get(about.model, "champion").digest)
    if champion.signature.task != about.task or any(n not in rows.column_names for n in champion.signature.names):
        return context
    evaluation, theirs = _evaluated(champion.digest, rooms, rows, replace(about, model="champion"), ())
    truth, classes = rows[about.label].to_pylist(), context.evaluation.classes
    compared = compare(about.task, truth, answer, theirs, classes=classes)
    return replace(context, champion=evaluation, comparison_to_champion=compared)


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


def _evaluated(
    digest: str, rooms: Rooms, rows: pa.Table, about: _About, slices: Sequence[str]
) -> tuple[Evaluation, Prediction]:
    session = rooms.models.open(digest)
    try:
        answer = session.predict(rows)  # type: ignore[arg-type]  # an Arrow table is a mapping of columns to it
    finally:
        session.close()
    found = Evaluation.of(
        about.task,
        rows[about.label].to_pylist(),
        answer.labels,
        answer.scores,
        classes=session.signature.classes,
        rows=rows if slices else None,
        slices=[name for name in slices if name in rows.column_names],
        model=about.model,
        dataset="rows given at registration",
    )
    return found, answer


def _remembered(
    loop: Loop, rows: pa.Table, rooms: Rooms, digest: str, versions: Mapping[str, DatasetVersion]
) -> dict[str, Any]:
    """What monitors will compare live traffic with: the rows given, as far as they say when they were."""
    import pyarrow as pa

    if loop.source.time is None or loop.source.time not in rows.column_names:
        return {}
    held_out = pa.array(["test"] * rows.num_rows, pa.string())
    found = remember(loop, rows.append_column(SPLIT, held_out), rooms.models, digest)
    return {REFERENCE: {**found, "made_of": made_of(versions)}}


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
