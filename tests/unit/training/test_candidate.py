from __future__ import annotations

from typing import Any

import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

from treadle.errors import InvalidInput
from treadle.training import Candidate, candidates


def fit_mean(X: Any, y: Any, params: Any) -> Any:
    return None


def test_names_come_from_variables_classes_and_functions() -> None:
    steep_trees = XGBClassifier()
    given = [
        steep_trees,
        LogisticRegression(),
        fit_mean,
        make_pipeline(StandardScaler(), Ridge()),
        Candidate("mine", Ridge()),
    ]
    assert [one.name for one in candidates(given)] == [
        "steep_trees",
        "logistic_regression",
        "fit_mean",
        "ridge",
        "mine",
    ]


def test_equal_names_are_numbered() -> None:
    found = candidates([Ridge(), Ridge(alpha=2), Ridge(alpha=3)])
    assert [one.name for one in found] == ["ridge", "ridge-2", "ridge-3"]
    assert [one.make.alpha for one in found] == [1.0, 2, 3]


def test_a_class_is_made_without_arguments() -> None:
    (found,) = candidates([LogisticRegression])
    assert isinstance(found.make, LogisticRegression)
    assert found.kind == "estimator"


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (3, "cannot be trained"),
        ("xgboost", "cannot be trained"),
        (lambda X, y: None, "2 arguments"),
        (dict, "cannot be trained"),
    ],
)
def test_what_cannot_be_fitted_is_refused(thing: Any, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as raised:
        candidates([thing])
    assert raised.value.mend
