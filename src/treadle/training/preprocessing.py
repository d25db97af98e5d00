"""The automatic preprocessing of a bare estimator: what makes columns fit for it, in forms ONNX can say.

- Text becomes one column per category that occurs often enough in the training rows (at most 128). Rare, unknown and missing
  values are zero in all of them, so nothing a request brings can break the model.
- Numbers go as they are to trees that know missing values; other trees get the median for a missing number; every other model
  gets the mean, and all numbers scaled to mean 0 and deviation 1.

Everything stays float32 and dense: a sparse matrix would make a booster take a zero for a missing value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from treadle.errors import InvalidInput
from treadle.training.family import Family, family_of

if TYPE_CHECKING:
    import pandas as pd

    from treadle.models import Signature

MOST_CATEGORIES = 128
LEAST_ROWS = 10
MODEL_STEP = "model"


def automatic(estimator: Any, signature: Signature, X: pd.DataFrame) -> Any:
    """A scikit-learn Pipeline of preprocessing and `estimator`, unfitted.

    `X` are the training rows; their frequent categories are fixed here, so that fitting on a part of them gives the same columns.
    Raises `InvalidInput` for a text column in which no value occurs often enough.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline

    numbers = [field.name for field in signature.inputs if field.type != "string"]
    texts = [field.name for field in signature.inputs if field.type == "string"]
    parts: list[tuple[str, Any, list[str]]] = []
    if numbers:
        parts.append(("numbers", _for_numbers(family_of(estimator)), numbers))
    if texts:
        parts.append(("texts", _for_texts([frequent(X.loc[:, name]) for name in texts]), texts))
    return Pipeline([("columns", ColumnTransformer(parts, sparse_threshold=0.0)), (MODEL_STEP, estimator)])


def frequent(values: pd.Series) -> np.ndarray:
    """The categories that get a column of their own, sorted: the most frequent ones, each in enough rows to learn from.

    Enough is 10 rows, less in small data. Raises `InvalidInput` when there is none.
    """
    counts: Any = values.value_counts()
    least = max(1, min(LEAST_ROWS, len(values) // 200))
    if len(counts) > 1 and counts.iloc[0] == 1:
        raise InvalidInput(
            f"The feature {str(values.name)!r} names every row differently; a model cannot learn from that.",
            mend="Leave it out, or derive something that repeats.",
            field=str(values.name),
        )
    kept = {str(name): int(count) for name, count in counts.items() if count >= least}
    if not kept:
        raise InvalidInput(
            f"No value of the feature {str(values.name)!r} occurs in at least {least} rows.",
            mend="Leave it out, or group its values.",
            field=str(values.name),
        )
    ranked = sorted((-count, name) for name, count in kept.items())[:MOST_CATEGORIES]
    return np.array(sorted(name for _, name in ranked), dtype=object)


def _for_numbers(family: Family) -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    if family == "tree with missing values":
        return "passthrough"
    if family == "tree":
        return SimpleImputer(strategy="median")
    return Pipeline([("impute", SimpleImputer()), ("scale", StandardScaler())])


def _for_texts(categories: list[np.ndarray]) -> Any:
    from sklearn.preprocessing import OneHotEncoder

    chosen: Any = {"categories": categories, "dtype": np.float32}
    return OneHotEncoder(handle_unknown="ignore", sparse_output=False, **chosen)
