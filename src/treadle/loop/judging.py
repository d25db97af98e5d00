"""Judge: the packaged candidate beside its rivals on the same rows, and every gate's verdict on record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from treadle.evaluation import CandidateContext, Comparison, Evaluation, compare, standard_gates
from treadle.evidence import Check
from treadle.loop.following import LOOKUP
from treadle.loop.frame import part_of, slice_columns
from treadle.loop.remembering import remember
from treadle.loop.turned import Ingest, Judgement, Registration, Training
from treadle.monitoring import REFERENCE, made_of
from treadle.pipelines import current_step

if TYPE_CHECKING:
    import pyarrow as pa

    from treadle.evidence import Ledger
    from treadle.features import FeatureStore
    from treadle.loop.declaration import Loop
    from treadle.models import ModelStore, Prediction
    from treadle.registry import ModelVersion, Registry


@dataclass(frozen=True)
class _Answered:
    prediction: Prediction
    evaluation: Evaluation


def gates_of(loop: Loop) -> tuple[Check[Any], ...]:
    """The standard gates but for those left out, then the loop's own; one of the same name replaces the standard one."""
    own = {gate.name for gate in loop.gates}
    kinds = {type(gate) for gate in loop.gates if type(gate).__name__ not in ("AtLeast", "AtMost", "Slices")}
    standard = [
        gate
        for gate in standard_gates(loop.label.task)
        if gate.name not in loop.without and gate.name not in own and type(gate) not in kinds
    ]
    return (*standard, *loop.gates)


def evaluate(loop: Loop, rows: pa.Table, training: Training, models: ModelStore, champion: str) -> Judgement:
    """Ask the packaged files of candidate, baseline, simple model and champion about the test rows, and compare."""
    test = part_of(rows, "test")
    best = _answered(loop, test, models, training.best.package, training.best.name)
    baseline = _answered(loop, test, models, training.baseline.package, training.baseline.name)
    simple = _answered(loop, test, models, training.simple.package, training.simple.name)
    # a champion that is this very file is no rival: comparing it with itself would only make every repeated turn look new
    rival = _champion(loop, test, models, champion) if champion != training.best.package else None
    classes = best.evaluation.classes

    def against(other: _Answered) -> Comparison:
        truth = test[loop.label.column].to_pylist()
        return compare(loop.label.task, truth, best.prediction, other.prediction, classes=classes, seed=loop.seed)

    return Judgement(
        evaluation=best.evaluation,
        baseline=baseline.evaluation,
        simple=simple.evaluation,
        champion=rival.evaluation if rival else None,
        to_baseline=against(baseline),
        to_simple=against(simple),
        to_champion=against(rival) if rival else None,
        reference=remember(loop, rows, models, training.best.package),
        score_shift=_score_shift(best, rival),
    )


def register(
    loop: Loop,
    ingest: Ingest,
    training: Training,
    judgement: Judgement,
    registry: Registry,
    ledger: Ledger,
    models: ModelStore,
    feature_store: FeatureStore,
    *,
    trigger: str,
) -> Registration:
    """Make the best candidate a version; its gates are asked in the same transaction, so no version lacks its evidence.

    A file that is a version of this model already stays that version; its gates are asked again.
    """
    here = current_step()
    best = training.best
    package = models.load(best.package)
    gates = gates_of(loop)
    context = CandidateContext(
        evaluation=judgement.evaluation,
        baseline=judgement.baseline,
        simple=judgement.simple,
        champion=judgement.champion,
        comparison_to_baseline=judgement.to_baseline,
        comparison_to_simple=judgement.to_simple,
        comparison_to_champion=judgement.to_champion,
        parity=package.parity,
        format=package.format,
        reproducible=training.reproduced,
        reproduction=f"package {training.again[:12]}" if training.again else "",
    )

    def judge(version: ModelVersion) -> None:
        for gate in gates:
            ledger.run(gate, version.subject, context, execution=here.execution)

    known = [v for v in registry.with_package(package.digest) if v.model == loop.name and v.status != "refused"]
    if known:
        judge(known[-1])
        return Registration(loop.name, known[-1].number, best.package)
    upstream = {
        m.name: m.aliases["champion"] for m in registry.models() if m.name in loop.upstream and "champion" in m.aliases
    }
    version = registry.create_version(
        loop.name,
        package,
        run=best.run,
        execution=here.execution,
        dataset=str(ingest.versions[loop.source.name]),
        metrics={name: estimate.value for name, estimate in judgement.evaluation.metrics.items()},
        gates=[gate.name for gate in gates if gate.reaction == "block"],
        card={"candidate": best.name, "task": loop.label.task, "label": loop.label.column, "params": best.params},
        trigger=trigger,
        source=str(loop.declared_at),
        documents={
            "evaluation": judgement.evaluation,
            "rivals": {
                "baseline": judgement.baseline,
                "simple": judgement.simple,
                "champion": judgement.champion,
                "to_baseline": judgement.to_baseline,
                "to_simple": judgement.to_simple,
                "to_champion": judgement.to_champion,
                "score_shift": judgement.score_shift,
            },
            LOOKUP: feature_store.lookup_plan(loop.views, versions=ingest.versions) if loop.views else {},
            REFERENCE: {**judgement.reference, "made_of": made_of(ingest.versions, upstream)}
            if judgement.reference
            else {},
            "contributions": best.contributions,
            "candidates": {c.name: c.metrics for c in training.candidates},
        },
        judge=judge,
    )
    here.produces(version.ref)
    return Registration(loop.name, version.number, best.package)


def _answered(loop: Loop, test: pa.Table, models: ModelStore, package: str, name: str) -> _Answered:
    session = models.open(package)
    try:
        prediction = session.predict(test)  # type: ignore[arg-type]  # an Arrow table is a mapping of columns to it
        evaluation = Evaluation.of(
            loop.label.task,
            test[loop.label.column].to_pylist(),
            prediction.labels,
            prediction.scores,
            classes=session.signature.classes,
            rows=test,
            slices=slice_columns(loop),
            model=name,
            dataset=f"{loop.source.name} (test rows)",
        )
    finally:
        session.close()
    return _Answered(prediction, evaluation)


def _score_shift(best: _Answered, rival: _Answered | None) -> float | None:
    """What a rollout expects the two to differ by: the mean probability of the last class, on the same rows."""
    if rival is None or best.prediction.scores is None or rival.prediction.scores is None:
        return None
    mine, other = (answered.prediction.scores[:, -1].mean() for answered in (best, rival))  # type: ignore[index]
    return float(mine - other) if best.prediction.scores.shape[1] == 2 else None


def _champion(loop: Loop, test: pa.Table, models: ModelStore, package: str) -> _Answered | None:
    """The champion on these rows; None when there is none or it was made for other columns or classes."""
    if not package:
        return None
    signature = models.load(package).signature
    if signature.task != loop.label.task or any(name not in test.column_names for name in signature.names):
        return None
    return _answered(loop, test, models, package, "champion")
