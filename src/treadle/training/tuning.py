"""The search itself: Optuna's tree of Parzen estimators, one trial after the other, from a seed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from treadle.clock import Clock
from treadle.errors import TreadleError
from treadle.training.search import Choice, Distribution, Integer
from treadle.training.trained import Trial

Objective = Callable[[dict[str, Any]], float]
OnTrial = Callable[[Trial], None]


def tune(
    space: Mapping[str, Distribution],
    objective: Objective,
    *,
    trials: int,
    higher_is_better: bool,
    seed: int,
    clock: Clock,
    start: Mapping[str, Any] | None = None,
    seconds: float | None = None,
    on_trial: OnTrial | None = None,
) -> tuple[Trial, ...]:
    """Try `trials` settings, the first of them `start` when it lies in the space; every trial, in order.

    A trial that fails is kept as such and the search goes on; the last error is raised when all of them fail. After `seconds`
    no new trial begins, but one is always made.
    """
    import optuna

    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=max(1, min(10, trials // 3)))
        study = optuna.create_study(direction="maximize" if higher_is_better else "minimize", sampler=sampler)
        distributions = {name: _optuna(optuna, one) for name, one in space.items()}
        if start is not None and all(_inside(space[name], start.get(name)) for name in space):
            study.enqueue_trial({name: start[name] for name in space})
        deadline = math.inf if seconds is None else clock.monotonic() + seconds
        done: list[Trial] = []
        last: Exception | None = None
        while len(done) < trials and not (done and clock.monotonic() >= deadline):
            asked = study.ask(distributions)
            trial, error = _tried(len(done), dict(asked.params), objective, clock)
            last = error or last
            if trial.value is None:
                study.tell(asked, state=optuna.trial.TrialState.FAIL)
            else:
                study.tell(asked, trial.value)
            done.append(trial)
            if on_trial is not None:
                on_trial(trial)
    finally:
        optuna.logging.set_verbosity(level)
    if last is not None and all(trial.value is None for trial in done):
        raise last
    return tuple(done)


def best_of(trials: tuple[Trial, ...], *, higher_is_better: bool) -> Trial:
    """The first of the best trials that succeeded."""
    sign = 1 if higher_is_better else -1
    return max(
        (trial for trial in trials if trial.value is not None), key=lambda t: (sign * (t.value or 0.0), -t.number)
    )


def _tried(number: int, params: dict[str, Any], objective: Objective, clock: Clock) -> tuple[Trial, Exception | None]:
    started = clock.monotonic()
    try:
        value = objective(params)
    except (TreadleError, ValueError, TypeError, ArithmeticError, RuntimeError) as error:
        message = str(error).splitlines()[0] if str(error) else type(error).__name__
        return Trial(number, params, None, clock.monotonic() - started, "failed", message), error
    return Trial(number, params, value, clock.monotonic() - started, "succeeded"), None


def _optuna(optuna: Any, given: Distribution) -> Any:
    if isinstance(given, Choice):
        return optuna.distributions.CategoricalDistribution(given.values)
    if isinstance(given, Integer):
        return optuna.distributions.IntDistribution(given.low, given.high, log=given.log)
    return optuna.distributions.FloatDistribution(given.low, given.high, log=given.log)


def _inside(space: Distribution, value: Any) -> bool:
    if isinstance(space, Choice):
        return any(value is one or (type(value) is type(one) and value == one) for one in space.values)
    return isinstance(value, (int, float)) and not isinstance(value, bool) and space.low <= value <= space.high
