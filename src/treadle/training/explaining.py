"""Why a model answered what it did: what each raw feature added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from treadle.errors import InvalidInput
from treadle.models import columns_of, frame_of
from treadle.training.asking import answer
from treadle.training.origins import origins
from treadle.training.shapley.linear import linear_contributions
from treadle.training.shapley.sampling import sampled_contributions
from treadle.training.shapley.trees import tree_contributions

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import pyarrow as pa

    from treadle.models import Signature
    from treadle.training.frame import Frame
    from treadle.training.trained import Trained

BACKGROUND = 1_000
SAMPLED_ROWS = 200  # when the model has to be asked again and again


@dataclass(frozen=True, eq=False)
class Contributions:
    """What each feature added to each of n answers.

    `values` has the shape (n, features), `base` (n,): a row's sum and its base are the answer, in `unit`. The answer of a
    classifier is that of the positive class (binary) or of the answered class.
    """

    features: tuple[str, ...]
    values: np.ndarray
    base: np.ndarray
    unit: Literal["log-odds", "probability", "label"]
    method: Literal["tree", "linear", "sampling"]

    def means(self) -> dict[str, float]:
        """The mean absolute contribution of each feature, the greatest first."""
        means = np.abs(self.values).mean(axis=0)
        ranked = sorted(zip(self.features, means.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))
        return dict(ranked)


def contributions(trained: Trained, frame: Frame, *, rows: int = 2_000, seed: int = 0) -> dict[str, float]:
    """The mean absolute contribution of each feature on at most `rows` rows of `frame`, the greatest first.

    Raises `InvalidInput` when the frame has no rows.
    """
    if frame.rows == 0:
        raise InvalidInput("There are no rows to explain.", mend="Look at the split.", field="frame")
    chosen = np.sort(np.random.default_rng(seed).permutation(frame.rows)[:rows])
    return explain(trained, frame.features.take(chosen), seed=seed, most=rows).means()


def explain(
    trained: Trained, columns: pa.Table, *, background: pa.Table | None = None, seed: int = 0, most: int | None = None
) -> Contributions:
    """What each feature added to the answer for each row of `columns`.

    Boosted trees tell it themselves (TreeSHAP), linear models by their coefficients; every other model is asked about mixtures of
    these rows and rows of `background` (left out: these rows themselves), and with `most` then only about the first 200.
    """
    signature = trained.signature
    X = frame_of(columns_of(columns, signature), signature)
    behind = X if background is None else frame_of(columns_of(background, signature), signature)
    if len(behind) > BACKGROUND:
        behind = behind.iloc[np.sort(np.random.default_rng(seed).permutation(len(behind))[:BACKGROUND])].reset_index(
            drop=True
        )
    exact = _exact(trained.estimator, X, behind)
    if exact is not None:
        parts, names, method = exact
        return summed(parts, names, signature, method)
    if most is not None:
        X = X.iloc[:SAMPLED_ROWS].reset_index(drop=True)

    def ask(rows: pd.DataFrame) -> np.ndarray:
        given = answer(trained.estimator, rows, signature.task)
        return given[:, None] if given.ndim == 1 else given

    return summed(sampled_contributions(ask, X, behind, seed=seed), list(signature.names), signature, "sampling")


def _exact(estimator: Any, X: pd.DataFrame, behind: pd.DataFrame) -> tuple[np.ndarray, list[str], Any] | None:
    model, names, rows, others = estimator, [str(name) for name in X.columns], X.to_numpy(), behind.to_numpy()
    if hasattr(estimator, "steps"):
        model, first = estimator.steps[-1][1], estimator[:-1]
        derived = origins(first, names) if len(estimator.steps) > 1 else names
        if derived is None:
            return None
        if len(estimator.steps) > 1:
            rows, others = np.asarray(first.transform(X)), np.asarray(first.transform(behind))
        names = derived
    if rows.dtype.kind != "f" or rows.ndim != 2 or rows.shape[1] != len(names):
        return None
    parts = tree_contributions(model, rows)
    if parts is not None:
        return parts, names, "tree"
    parts = linear_contributions(model, rows, others)
    return None if parts is None else (parts, names, "linear")


def summed(parts: np.ndarray, names: Sequence[str], signature: Signature, method: Any) -> Contributions:
    """Add up the columns that come from the same raw feature, for the answer that counts in each row."""
    totals = parts.sum(axis=2)
    if parts.shape[1] == 1:
        chosen = np.zeros(len(parts), dtype=np.int64)
    elif signature.task == "binary":
        chosen = np.ones(len(parts), dtype=np.int64)
    else:
        chosen = totals.argmax(axis=1)
    of_answer = parts[np.arange(len(parts)), chosen]
    features = signature.names
    place = {name: position for position, name in enumerate(features)}
    values = np.zeros((len(parts), len(features)))
    np.add.at(values.T, [place[name] for name in names], of_answer[:, :-1].T)
    unit = "label" if signature.task == "regression" else "probability" if method == "sampling" else "log-odds"
    return Contributions(features, values, of_answer[:, -1], unit, method)
