"""What a model has to beat: always the same answer, and the simplest model that learns anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle.training.candidate import Candidate

if TYPE_CHECKING:
    from treadle.models import Task

SEED = 0


def baseline(task: Task) -> Candidate:
    """Always the same answer: each class with its share of the training rows, or the mean of the label.

    >>> baseline("regression").make
    DummyRegressor()
    """
    from sklearn.dummy import DummyClassifier, DummyRegressor

    return Candidate("baseline", DummyRegressor() if task == "regression" else DummyClassifier(strategy="prior"))


def simple_model(task: Task) -> Candidate:
    """A shallow model anybody can read: logistic regression, or ridge regression, over all features."""
    from sklearn.linear_model import LogisticRegression, Ridge

    return Candidate("simple", Ridge() if task == "regression" else LogisticRegression(max_iter=200))
