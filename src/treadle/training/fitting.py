"""Fitting one setting of one candidate, always the same way."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from treadle.errors import InvalidInput
from treadle.training.candidate import Candidate
from treadle.training.family import answers_with, final_step
from treadle.training.preprocessing import automatic

if TYPE_CHECKING:
    from treadle.models import Signature
    from treadle.training.prepared import Part

_THREADED = ("xgboost", "lightgbm", "catboost")


@dataclass(frozen=True)
class Recipe:
    """How to fit a candidate: the unfitted estimator with seeds and threads fixed (or the function), and its fixed parameters."""

    candidate: Candidate
    estimator: Any
    params: Mapping[str, Any]
    threads: int

    @classmethod
    def of(cls, candidate: Candidate, signature: Signature, train: Part, *, seed: int, threads: int) -> Recipe:
        """Prepare a candidate for these rows; raises `InvalidInput` when it answers another kind of task."""
        if candidate.kind == "function":
            return cls(candidate, None, {**candidate.params, "random_state": seed}, threads)
        _refuse_mismatch(candidate, signature)
        estimator = _unfitted(candidate.make)
        if not hasattr(estimator, "steps"):
            estimator = automatic(estimator, signature, train)
            last = estimator.steps[-1][0]
            estimator.set_params(**{f"{last}__{name}": value for name, value in candidate.params.items()})
        else:
            estimator.set_params(**candidate.params)
        return cls(candidate, _fixed(estimator, seed, threads), {}, threads)

    def full_name(self, name: str) -> str:
        """The name of a candidate's parameter within the estimator that is fitted."""
        if self.estimator is None or hasattr(self.candidate.make, "steps"):
            return name
        return f"{self.estimator.steps[-1][0]}__{name}"

    def fit(self, part: Part, params: Mapping[str, Any], stages: Any = None) -> Any:
        """The fitted estimator with `params` (full names); with `stages` from `prefit` only the last step is fitted."""
        with _steady(self.threads):
            if self.estimator is None:
                fitted = self.candidate.make(part.X.copy(), part.y.copy(), {**self.params, **params})
                if not callable(getattr(fitted, "predict", None)):
                    raise InvalidInput(
                        f"The function {self.candidate.name!r} returned {type(fitted).__name__}, which cannot predict.",
                        mend="Return the fitted estimator.",
                        field="train",
                    )
                return fitted
            estimator = _unfitted(self.estimator).set_params(**params)
            return estimator.fit(part.X, part.y) if stages is None else stages.finish(estimator, part.y)

    def prefit(self, part: Part, names: list[str]) -> Stages | None:
        """The preprocessing fitted once, when the searched `names` (full) all belong to the last step; else None."""
        steps = getattr(self.estimator, "steps", None)
        if not steps or len(steps) < 2 or not all(name.startswith(f"{steps[-1][0]}__") for name in names):
            return None
        with _steady(self.threads):
            first = _unfitted(self.estimator[:-1])
            return Stages(first, first.fit_transform(part.X, part.y))


@dataclass(frozen=True)
class Stages:
    """A pipeline without its last step, fitted, and what it makes of the training rows."""

    fitted: Any
    transformed: Any

    def finish(self, pipeline: Any, y: np.ndarray) -> Any:
        """Fit the last step of an unfitted pipeline on the transformed rows; the result equals fitting it whole."""
        from sklearn.pipeline import Pipeline

        name, model = pipeline.steps[-1]
        model.fit(self.transformed, y)
        return Pipeline([*self.fitted.steps, (name, model)])


def _unfitted(estimator: Any) -> Any:
    from sklearn.base import clone

    return clone(estimator)


def _fixed(estimator: Any, seed: int, threads: int) -> Any:
    """The estimator with every open seed set, threads fixed and, for boosters, a deterministic algorithm."""
    open_seeds = {
        name: seed
        for name, value in estimator.get_params(deep=True).items()
        if name.rpartition("__")[2] == "random_state" and value is None
    }
    estimator.set_params(**open_seeds)
    last = final_step(estimator)
    package = type(last).__module__.partition(".")[0]
    wanted: dict[str, Any] = {}
    if package in _THREADED or type(last).__module__.startswith("sklearn.ensemble"):
        wanted["n_jobs"] = threads
    if package == "xgboost":
        wanted["tree_method"] = "hist"
    if package == "lightgbm":
        wanted |= {"deterministic": True, "force_row_wise": True, "verbosity": -1}
    has = last.get_params()
    missing = {
        name: value
        for name, value in wanted.items()
        if has.get(name) is None and (name in has or package == "lightgbm")
    }
    last.set_params(**missing)
    return estimator


def _refuse_mismatch(candidate: Candidate, signature: Signature) -> None:
    answers = answers_with(final_step(candidate.make))
    wanted = "regressor" if signature.task == "regression" else "classifier"
    if answers not in (wanted, "unknown"):
        raise InvalidInput(
            f"The candidate {candidate.name!r} is a {answers}, and the task is {signature.task}.",
            mend=f"Give a {wanted}.",
            field="train",
        )


class _steady:
    """A fixed number of threads in numeric libraries, and no warnings from inside estimators."""

    def __init__(self, threads: int) -> None:
        self._threads = threads

    def __enter__(self) -> None:
        from threadpoolctl import threadpool_limits

        self._limits = threadpool_limits(limits=self._threads)
        self._warnings = warnings.catch_warnings()
        self._warnings.__enter__()
        warnings.simplefilter("ignore")

    def __exit__(self, *_: object) -> None:
        self._warnings.__exit__(None, None, None)
        self._limits.restore_original_limits()
