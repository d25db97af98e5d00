"""Training: search, fit, and what came out of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from treadle.clock import Clock, SystemClock
from treadle.errors import InvalidInput, TreadleError
from treadle.evaluation import Estimate, Metric, measure, metric_named, primary_metric
from treadle.training.asking import answers
from treadle.training.candidate import Candidate
from treadle.training.cost import Cost, Meter
from treadle.training.fitting import Recipe
from treadle.training.frame import Frame
from treadle.training.prepared import Part, Prepared, prepare
from treadle.training.routing import refuse_unknown, route
from treadle.training.search import Search
from treadle.training.settings import settings_of
from treadle.training.trained import Failure, Trained, Training, Trial
from treadle.training.tuning import best_of, tune

if TYPE_CHECKING:
    from treadle.models import Task

LARGE = 500_000  # training rows from which on two threads are worth it: below, waiting for each other costs more
HELD_BACK = 5  # without validation rows, one training row in so many judges the trials
OnTrial = Callable[[str, Trial], None]


def train(
    frame: Frame,
    candidate: Candidate,
    *,
    task: Task,
    search: Search | None = None,
    seed: int = 0,
    threads: int | None = None,
    on_trial: OnTrial | None = None,
    clock: Clock | None = None,
) -> Trained:
    """Search the candidate's parameters, fit it on all training rows, and measure it on the validation rows.

    The same frame, candidate, search, seed and number of `threads` (left out: one, from 500,000 training rows on two) give the
    same model, on machines with the same packages. `on_trial` is called with the candidate's
    name and each trial. Raises `InvalidInput` naming the candidate or the column when it cannot be trained.
    """
    return _train(prepare(frame, task), candidate, search, seed, threads, on_trial, clock or SystemClock())


def train_all(
    frame: Frame,
    candidates: Sequence[Candidate],
    *,
    task: Task,
    search: Search | None = None,
    seed: int = 0,
    threads: int | None = None,
    on_trial: OnTrial | None = None,
    clock: Clock | None = None,
) -> Training:
    """Train every candidate on the same rows; the best on the validation rows comes first.

    A candidate that cannot be trained is kept as a failure and does not stop the others; raises `InvalidInput` when none can,
    and `DeclarationError` when the search names a parameter that no candidate has.
    """
    if search is not None:
        refuse_unknown(search.distributions, candidates)
    metric = _metric(search, task)
    prepared = prepare(frame, task)
    trained: list[Trained] = []
    failures: list[Failure] = []
    for candidate in candidates:
        try:
            trained.append(_train(prepared, candidate, search, seed, threads, on_trial, clock or SystemClock()))
        except TreadleError as error:
            failures.append(Failure(candidate.name, error.message, error.mend))
    if not trained:
        reasons = " ".join(failure.message for failure in failures)
        raise InvalidInput(
            f"No candidate could be trained. {reasons}".strip(), mend=failures[0].mend if failures else ""
        )
    return Training(metric.name, _ranked(trained, metric), tuple(failures))


def _train(
    prepared: Prepared,
    candidate: Candidate,
    search: Search | None,
    seed: int,
    threads: int | None,
    on_trial: OnTrial | None,
    clock: Clock,
) -> Trained:
    metric = _metric(search, prepared.signature.task)
    meter = Meter(clock)
    try:
        with meter.running():
            used = threads or (1 if len(prepared.train) < LARGE else 2)
            recipe = Recipe.of(candidate, prepared.signature, prepared.train, seed=seed, threads=used)
            hunt = _Hunt(prepared, recipe, search, metric, seed, clock)
            trials, chosen, notes = hunt.search(on_trial)
            estimator = hunt.final(chosen)
            metrics = _measured(estimator, prepared)
    except TreadleError:
        raise
    except Exception as error:
        raise _explained(candidate, error) from error
    cost = Cost(meter.seconds, meter.cpu_seconds, meter.peak_memory, len(prepared.train), len(trials))
    params = {**settings_of(estimator), **chosen}
    return Trained(
        candidate.name, estimator, prepared.signature, params, chosen, metric.name, metrics, trials, cost, notes
    )


class _Hunt:
    """The search of one candidate: what its trials learn from, what they are judged on, and the fits worth keeping."""

    def __init__(
        self, prepared: Prepared, recipe: Recipe, search: Search | None, metric: Metric, seed: int, clock: Clock
    ) -> None:
        self._prepared, self._recipe, self._search, self._metric = prepared, recipe, search, metric
        self._seed, self._clock = seed, clock
        self._full: dict[str, str] = {}
        self._kept: tuple[Mapping[str, Any], Any] | None = None

    def search(self, on_trial: OnTrial | None) -> tuple[tuple[Trial, ...], Mapping[str, Any], tuple[str, ...]]:
        """The trials, the parameters of the best one, and what to note; nothing without a search that concerns the candidate."""
        candidate, search = self._recipe.candidate, self._search
        routed = {} if search is None else route(search.distributions, candidate)
        if search is None or not routed:
            return (), {}, ()
        full = self._full = {name: self._recipe.full_name(routed[name]) for name in routed}
        learn, judge, notes = self._rows(search)
        stages = self._recipe.prefit(learn, list(full.values()))
        best: list[float] = []

        def objective(params: dict[str, Any]) -> float:
            named = {full[name]: value for name, value in params.items()}
            fitted = self._recipe.fit(learn, named, stages)
            value = self._value(fitted, judge)
            if not notes and (not best or self._metric.gain(value, best[0]) > 0):
                best[:] = [value]
                self._kept = (params, fitted)
            return value

        trials = tune(
            {name: search.distributions[name] for name in routed},
            objective,
            trials=search.trials,
            higher_is_better=self._metric.higher_is_better,
            seed=self._seed,
            clock=self._clock,
            start=self._declared(full),
            seconds=search.seconds,
            on_trial=None if on_trial is None else lambda trial: on_trial(candidate.name, trial),
        )
        chosen = best_of(trials, higher_is_better=self._metric.higher_is_better)
        return trials, chosen.params, notes

    def final(self, chosen: Mapping[str, Any]) -> Any:
        """The model fitted on all training rows; the best trial's own fit when that saw them all."""
        if self._kept is not None and self._kept[0] == chosen:
            return self._kept[1]
        return self._recipe.fit(self._prepared.train, {self._full[name]: value for name, value in chosen.items()})

    def _rows(self, search: Search) -> tuple[Part, Part, tuple[str, ...]]:
        learn, judge = self._prepared.train, self._prepared.validation
        notes: list[str] = []
        if len(judge) == 0:
            held = max(1, len(learn) // HELD_BACK)
            judge = learn.sample(held, self._seed + 1)
            learn = learn.without(judge)
            notes.append(f"There were no validation rows: {held:,} training rows judged the trials.")
        if search.trials * search.rows < (search.trials - 1) * len(
            learn
        ):  # else all trials of all rows, one of them kept, are less
            notes.append(
                f"The trials learned from {search.rows:,} of {len(learn):,} training rows; the final model from all."
            )
            learn = learn.sample(search.rows, self._seed)
        return learn, judge, tuple(notes)

    def _declared(self, full: Mapping[str, str]) -> dict[str, Any] | None:
        if self._recipe.estimator is None:
            return None
        has = self._recipe.estimator.get_params(deep=True)
        return {name: has.get(target) for name, target in full.items()}

    def _value(self, fitted: Any, judge: Part) -> float:
        found = measure(answers(fitted, judge, self._prepared.signature), [self._metric.name]).get(self._metric.name)
        if found is None:
            raise InvalidInput(
                f"{self._metric.name} has no meaning on the {len(judge):,} validation rows.",
                mend="They need rows of every class: split another way.",
                field="split",
            )
        return found.value


def _measured(estimator: Any, prepared: Prepared) -> dict[str, Estimate]:
    if len(prepared.validation) == 0:
        return {}
    return dict(measure(answers(estimator, prepared.validation, prepared.signature)))


def _metric(search: Search | None, task: Task) -> Metric:
    named = search.metric if search is not None else None
    return metric_named(named or primary_metric(task), task)


def _ranked(trained: list[Trained], metric: Metric) -> tuple[Trained, ...]:
    sign = -1 if metric.higher_is_better else 1
    return tuple(sorted(trained, key=lambda one: (one.score is None, sign * (one.score or 0.0))))


def _explained(candidate: Candidate, error: Exception) -> InvalidInput:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    text = lines[0][:300]
    mend = "Look at the estimator's parameters."
    if "NaN" in str(error):
        mend = "Put an imputer before it, or give the bare estimator: its missing values are then filled for you."
    elif "could not convert string" in str(error):
        mend = "Encode the text columns in the pipeline, or give the bare estimator: they are then encoded for you."
    return InvalidInput(f"The candidate {candidate.name!r} could not be trained: {text}", mend=mend, field="train")
