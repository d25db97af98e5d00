"""Explaining the answers of a packaged model, long after its training and without unpickling anything.

Boosted trees are kept beside the model in their own package's plain format, so that XGBoost or LightGBM can say themselves what
each column added (TreeSHAP); the model file itself prepares the columns. A linear model is asked about rows in which one feature
was replaced, which is exact; any other model about mixtures of rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from treadle.errors import InvalidInput
from treadle.models import frame_of
from treadle.training.explaining import Contributions, summed
from treadle.training.origins import origins
from treadle.training.shapley.sampling import sampled_contributions
from treadle.training.shapley.trees import booster_bytes, booster_contributions

if TYPE_CHECKING:
    import pandas as pd

    from treadle.models import ModelStore, Package, Session
    from treadle.training.trained import Trained

TREES = "trees"  # the role of the file
_ORDERS = 32
_EDGE = 1e-9  # probabilities nearer to 0 or 1 than this have no log-odds to speak of


def explainer_of(trained: Trained) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What to keep with a package of this model, so that its answers can be explained later: metadata, and files by role."""
    model, names = trained.estimator, list(trained.signature.names)
    if hasattr(trained.estimator, "steps"):
        model = trained.estimator.steps[-1][1]
        found = origins(trained.estimator[:-1], names) if len(trained.estimator.steps) > 1 else names
        if found is None:
            return {}, {}
        names = found
    kept = booster_bytes(model)
    if kept is not None:
        kind, data = kept
        return {"explainer": {"kind": kind, "columns": names}}, {TREES: data}
    if (
        type(model).__module__.startswith("sklearn.linear_model")
        and hasattr(model, "coef_")
        and not hasattr(model, "power")
    ):
        return {"explainer": {"kind": "linear"}}, {}
    return {}, {}


def explain_package(
    package: Package, models: ModelStore, row: Mapping[str, Any], background: Mapping[str, Any], *, seed: int = 0
) -> Contributions:
    """What each feature added to the answer of a package for one row of features by name.

    `background` are columns of other rows, which the answer is compared with where the model cannot tell by itself. Raises
    `InvalidInput` when they are needed and there are none, and what `ModelStore.open` raises.
    """
    columns = {name: np.array([row.get(name)], dtype=object) for name in package.signature.names}
    said = package.metadata.get("explainer") or {}
    if TREES in package.files and said.get("kind") in ("xgboost", "lightgbm"):
        from treadle.models import tree_inputs

        inside = tree_inputs(package, models, columns)
        if inside is not None and inside.ndim == 2 and inside.shape[1] == len(said["columns"]):
            parts = booster_contributions(said["kind"], models.store.get(package.files[TREES]), inside)
            return summed(parts, said["columns"], package.signature, "tree")
    if not len(next(iter(background.values()), ())):
        raise InvalidInput("There are no other rows to compare this one with.", field="background")
    session = models.open(package.digest)
    try:
        X, behind = frame_of(columns, package.signature), frame_of(background, package.signature)
        if said.get("kind") == "linear" and package.signature.task != "multiclass":
            return _linear(session, X, behind)
        return _sampled(session, X, behind, seed)
    finally:
        session.close()


def _linear(session: Session, X: pd.DataFrame, behind: pd.DataFrame) -> Contributions:
    """In a sum of one function per feature, each adds what is lost, on average, when it is replaced by that of another row."""
    names = list(session.signature.names)
    mixed = X.loc[np.zeros(len(names) * len(behind), dtype=int)].reset_index(drop=True)
    for position, name in enumerate(names):
        where = slice(position * len(behind), (position + 1) * len(behind))
        values = mixed[name].to_numpy(copy=True)
        values[where] = behind[name].to_numpy()
        mixed[name] = values
    of_row = _units(session, X)[0]
    replaced = _units(session, mixed).reshape(len(names), len(behind)).mean(axis=1)
    values = (of_row - replaced)[None, :]
    unit = "label" if session.signature.task == "regression" else "log-odds"
    return Contributions(tuple(names), values, of_row - values.sum(axis=1), unit, "linear")


def _sampled(session: Session, X: pd.DataFrame, behind: pd.DataFrame, seed: int) -> Contributions:
    def ask(rows: pd.DataFrame) -> np.ndarray:
        answered = session.predict({name: rows[name].to_numpy() for name in rows.columns})
        given = answered.labels if answered.scores is None else answered.scores
        return np.asarray(given, dtype=np.float64).reshape(len(rows), -1)

    parts = sampled_contributions(ask, X, behind, seed=seed, orders=_ORDERS)
    return summed(parts, session.signature.names, session.signature, "sampling")


def _units(session: Session, rows: pd.DataFrame) -> np.ndarray:
    """The answers in the unit in which the model is a sum: log-odds of the last class, or the value."""
    answered = session.predict({name: rows[name].to_numpy() for name in rows.columns})
    if answered.scores is None:
        return np.asarray(answered.labels, dtype=np.float64)
    positive = np.clip(np.asarray(answered.scores, dtype=np.float64)[:, -1], _EDGE, 1 - _EDGE)
    return np.log(positive / (1 - positive))
