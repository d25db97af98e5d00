"""Learn: fit every candidate and the simple models, and package each as the file that would be served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.errors import StepFailed, TreadleError
from treadle.evaluation import Reproducible
from treadle.loop.frame import SPLIT, feature_columns, part_of
from treadle.loop.turned import CandidateModel, Training
from treadle.training import Frame, baseline, contributions, explainer_of, simple_model, train_all
from treadle.training import train as train_one

if TYPE_CHECKING:
    import pyarrow as pa

    from treadle.loop.declaration import Loop
    from treadle.models import Package, Packager
    from treadle.tracking import Tracker
    from treadle.training import Trained

_EXPLAINED_ROWS = 2_000  # enough for a stable mean of contributions, few enough to cost next to nothing


def train(loop: Loop, rows: pa.Table, packager: Packager, tracker: Tracker) -> Training:
    """Fit and package all; one candidate that fails does not stop the others, unless none is left."""
    task = loop.label.task
    frame = Frame.of(
        rows, features=feature_columns(loop), label=loop.label.column, split=SPLIT, positive=loop.label.positive
    )
    sample = part_of(rows, "validation")
    judged = frame.part("validation")
    found = train_all(frame, loop.candidates, task=task, search=loop.search, seed=loop.seed)
    failed = {failure.name: f"{failure.message} {failure.mend}".strip() for failure in found.failures}
    kept: list[CandidateModel] = []
    for trained in found.trained:
        try:
            kept.append(_kept(loop, sample, trained, packager, tracker, explain=judged))
        except TreadleError as error:
            failed[trained.name] = str(error)
    if not kept:
        reasons = "; ".join(f"{name}: {why}" for name, why in failed.items())
        raise StepFailed(f"No candidate could be made a model file: {reasons}", mend="Mend the candidates.")

    rivals = [train_one(frame, rival, task=task, seed=loop.seed) for rival in (baseline(task), simple_model(task))]
    prior, simple = (_kept(loop, sample, rival, packager, tracker) for rival in rivals)
    return Training(
        metric=found.metric,
        candidates=tuple(kept),
        baseline=prior,
        simple=simple,
        failed=failed,
        again=_again(loop, frame, sample, kept[0], packager) if _asks_for_it(loop) else "",
    )


def _asks_for_it(loop: Loop) -> bool:
    return any(isinstance(gate, Reproducible) for gate in loop.gates)


def _again(loop: Loop, frame: Frame, sample: pa.Table, best: CandidateModel, packager: Packager) -> str:
    """The digest that the best candidate's package has when it is trained once more."""
    candidate = next(each for each in loop.candidates if each.name == best.name)
    trained = train_one(frame, candidate, task=loop.label.task, search=loop.search, seed=loop.seed)
    return _packaged(loop, sample, trained, packager).digest


def _packaged(loop: Loop, sample: pa.Table, trained: Trained, packager: Packager) -> Package:
    """The model file, with what it takes to explain its answers later."""
    explainer, files = explainer_of(trained)
    named = {"loop": loop.name, "candidate": trained.name, **explainer}
    return packager.package(trained.estimator, trained.signature, sample, metadata=named, beside=files)


def _kept(
    loop: Loop,
    sample: pa.Table,
    trained: Trained,
    packager: Packager,
    tracker: Tracker,
    *,
    explain: Frame | None = None,
) -> CandidateModel:
    """The trained candidate as a model file, with its run on record and, on the rows of `explain`, what drives its answers."""
    run = tracker.start_run(loop.name, name=trained.name, tags={"loop": loop.name, "task": loop.label.task})
    try:
        metrics = {name: estimate.value for name, estimate in trained.metrics.items()}
        tracker.log_params(run.id, trained.params)
        cost = {"seconds": trained.cost.seconds, "cpu_seconds": trained.cost.cpu_seconds, "rows": trained.cost.rows}
        cost["peak_memory"] = trained.cost.peak_memory
        tracker.log_metrics(run.id, {**metrics, **cost})
        for trial in trained.trials:
            if trial.value is not None:
                tracker.log_metrics(run.id, {f"trial_{trained.metric}": trial.value}, step=trial.number)
        package = _packaged(loop, sample, trained, packager)
        explained = contributions(trained, explain, rows=_EXPLAINED_ROWS, seed=loop.seed) if explain else {}
        notes = {"notes": " ".join(trained.notes)} if trained.notes else {}
        tracker.set_tags(run.id, {"package": package.digest, "format": package.format, **notes})
    except BaseException:
        tracker.finish(run.id, "failed")
        raise
    tracker.finish(run.id, "finished")
    return CandidateModel(
        name=trained.name,
        package=package.digest,
        format=package.format,
        run=run.id,
        params=dict(trained.params),
        metrics=metrics,
        seconds=trained.cost.seconds,
        contributions=explained,
    )
