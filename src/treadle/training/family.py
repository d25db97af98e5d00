"""Which kind of model an estimator is, as far as that decides how its columns are prepared."""

from __future__ import annotations

from typing import Any, Literal

Family = Literal["tree with missing values", "tree", "other"]

_BOOSTED = {"xgboost", "lightgbm", "catboost"}


def family_of(estimator: Any) -> Family:
    """The family, by where the class comes from.

    >>> from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    >>> family_of(HistGradientBoostingClassifier()), family_of(RandomForestClassifier())
    ('tree with missing values', 'tree')
    """
    for kind in type(estimator).__mro__:
        package = kind.__module__.partition(".")[0]
        if package in _BOOSTED or kind.__name__ == "BaseHistGradientBoosting":
            return "tree with missing values"
        if package == "sklearn" and kind.__name__ in ("BaseForest", "BaseDecisionTree", "BaseGradientBoosting"):
            return "tree"
    return "other"


def final_step(estimator: Any) -> Any:
    """The model at the end of a Pipeline, or the estimator itself."""
    steps = getattr(estimator, "steps", None)
    return steps[-1][1] if isinstance(steps, list) and steps else estimator


def answers_with(estimator: Any) -> Literal["classifier", "regressor", "unknown"]:
    """What the model predicts, as scikit-learn's tags say."""
    from sklearn.base import is_classifier, is_regressor

    if not hasattr(estimator, "__sklearn_tags__"):
        return "unknown"
    return "classifier" if is_classifier(estimator) else "regressor" if is_regressor(estimator) else "unknown"
