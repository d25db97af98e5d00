"""The automatic preprocessing of a bare estimator: what makes columns fit for it, in forms ONNX can say.

| model | numbers | text |
|---|---|---|
| trees that know missing values (XGBoost, LightGBM, HistGradientBoosting) | as they are | position of the category; NaN |
| other trees | median where missing | position of the category; -1 |
| everything else | mean where missing, scaled to mean 0 and deviation 1 | a column for each category; zero in all |

The last word says what rare, unknown and missing text becomes, so nothing that a request brings can break the model. Categories
stand in the order of what the label was in their training rows, which lets one split of a tree part them best. Everything stays
float32 and dense: in a sparse matrix a booster would take a zero for a missing value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from treadle.training.categories import by_label, frequent
from treadle.training.family import Family, family_of

if TYPE_CHECKING:
    from treadle.models import Signature
    from treadle.training.prepared import Part

MODEL_STEP = "model"


def automatic(estimator: Any, signature: Signature, train: Part) -> Any:
    """A scikit-learn Pipeline of preprocessing and `estimator`, unfitted.

    Categories are chosen and ordered here from the training rows, so that fitting on a sample of them gives the same columns.
    Raises `InvalidInput` for a text column in which no value occurs often enough.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline

    family = family_of(estimator)
    numbers = [field.name for field in signature.inputs if field.type != "string"]
    texts = [field.name for field in signature.inputs if field.type == "string"]
    parts: list[tuple[str, Any, list[str]]] = []
    if numbers:
        parts.append(("numbers", _for_numbers(family), numbers))
    if texts:
        parts.append(("texts", _for_texts(family, texts, signature, train), texts))
    return Pipeline([("columns", ColumnTransformer(parts, sparse_threshold=0.0)), (MODEL_STEP, estimator)])


def _for_numbers(family: Family) -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    if family == "tree with missing values":
        return "passthrough"
    if family == "tree":
        return SimpleImputer(strategy="median")
    return Pipeline([("impute", SimpleImputer()), ("scale", StandardScaler())])


def _for_texts(family: Family, names: list[str], signature: Signature, train: Part) -> Any:
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

    columns = [train.X.loc[:, name] for name in names]
    chosen: dict[str, Any] = {"categories": [frequent(column) for column in columns], "dtype": np.float32}
    if family == "other":
        return OneHotEncoder(handle_unknown="ignore", sparse_output=False, **chosen)
    classes = len(signature.classes)
    pairs = zip(columns, chosen["categories"], strict=True)
    chosen["categories"] = [by_label(column, kept, train.y, classes) for column, kept in pairs]
    code = np.nan if family == "tree with missing values" else -1
    return OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=code, encoded_missing_value=code, **chosen
    )  # fmt: skip
