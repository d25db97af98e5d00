"""Every estimator people use becomes a file that answers as it does, or says why it cannot."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder
from sklearn.svm import LinearSVC
from xgboost import XGBClassifier, XGBRegressor

from treadle.artifacts import ArtifactStore
from treadle.errors import InvalidInput
from treadle.models import Field, ModelStore, Package, Packager, Signature, columns_of, frame_of

NUMBERS = ["temp", "hour"]
TEXTS = ["dest", "carrier"]
COLUMNS = ["temp", "dest", "hour", "carrier"]  # kinds mixed on purpose


def mixed(numbers: Any, texts: Any, model: Any) -> Any:
    """A pipeline that treats numbers and texts apart, then asks `model`."""
    return make_pipeline(ColumnTransformer([("numbers", numbers, NUMBERS), ("texts", texts, TEXTS)]), model)


def one_hot(**settings: Any) -> OneHotEncoder:
    return OneHotEncoder(handle_unknown="ignore", sparse_output=False, **settings)


def ordinal(**settings: Any) -> OrdinalEncoder:
    return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, **settings)


def scaled() -> Any:
    return make_pipeline(SimpleImputer(), StandardScaler())


def _xgb(**settings: Any) -> XGBClassifier:
    return XGBClassifier(n_estimators=15, max_depth=4, n_jobs=1, **settings)


CLASSIFIERS = {
    "logistic": lambda: mixed(scaled(), OneHotEncoder(handle_unknown="ignore"), LogisticRegression(max_iter=300)),
    "logistic, numbers": lambda: make_pipeline(scaled(), LogisticRegression()),
    "xgboost": lambda: mixed("passthrough", one_hot(), _xgb()),
    "xgboost, numbers": lambda: _xgb(),
    "xgboost, ordinal": lambda: mixed("passthrough", ordinal(), _xgb()),
    "xgboost, ordinal with a code for missing": lambda: mixed("passthrough", ordinal(encoded_missing_value=-2), _xgb()),
    "xgboost, base score": lambda: _xgb(base_score=0.2),
    "gradient boosting": lambda: mixed(
        SimpleImputer(strategy="median"), one_hot(), GradientBoostingClassifier(n_estimators=15, random_state=0)
    ),
    "histogram gradient boosting": lambda: mixed("passthrough", ordinal(), HistGradientBoostingClassifier(max_iter=6)),
    "random forest": lambda: mixed(
        SimpleImputer(), one_hot(), RandomForestClassifier(n_estimators=15, max_depth=6, random_state=0)
    ),
    "imputed text": lambda: mixed(
        SimpleImputer(),
        make_pipeline(SimpleImputer(strategy="constant", fill_value="none"), one_hot()),
        LogisticRegression(max_iter=300),
    ),
    "most frequent text": lambda: mixed(
        SimpleImputer(),
        make_pipeline(SimpleImputer(strategy="most_frequent"), one_hot()),
        LogisticRegression(max_iter=300),
    ),
    "selected by type": lambda: make_pipeline(
        ColumnTransformer(
            [
                ("n", SimpleImputer(), make_column_selector(dtype_include="number")),
                ("t", one_hot(), make_column_selector(dtype_exclude="number")),
            ]
        ),
        LogisticRegression(max_iter=300),
    ),
    "remainder": lambda: make_pipeline(ColumnTransformer([("t", one_hot(), TEXTS)], remainder="passthrough"), _xgb()),
    "bins": lambda: mixed(
        make_pipeline(SimpleImputer(), KBinsDiscretizer(4, quantile_method="averaged_inverted_cdf")),
        one_hot(),
        LogisticRegression(max_iter=300),
    ),
    "dummy": lambda: DummyClassifier(),
    "dummy, most frequent": lambda: DummyClassifier(strategy="most_frequent"),
}

BINARY_ONLY = {
    "target encoding": lambda: mixed(SimpleImputer(), TargetEncoder(), LogisticRegression(max_iter=300)),
}

REGRESSORS = {
    "xgboost": lambda: mixed("passthrough", one_hot(), XGBRegressor(n_estimators=15, max_depth=4, n_jobs=1)),
    "xgboost, absolute error": lambda: XGBRegressor(n_estimators=15, objective="reg:absoluteerror", n_jobs=1),
    "linear": lambda: make_pipeline(scaled(), LinearRegression()),
    "ridge": lambda: mixed(scaled(), one_hot(), Ridge()),
    "gradient boosting": lambda: make_pipeline(
        SimpleImputer(), GradientBoostingRegressor(n_estimators=15, random_state=0)
    ),
    "random forest": lambda: mixed(
        SimpleImputer(), one_hot(), RandomForestRegressor(n_estimators=10, max_depth=6, random_state=0)
    ),
    "dummy": lambda: DummyRegressor(),
}

NUMBERS_ONLY = {"logistic, numbers", "xgboost, numbers", "xgboost, base score", "xgboost, absolute error", "linear"}


def columns_for(name: str) -> list[str]:
    """The columns a pipeline of this name reads."""
    return NUMBERS if name in NUMBERS_ONLY else COLUMNS


TASKS = {"binary": "late", "multiclass": "class"}


def fitted(make: Any, rows: pa.Table, columns: list[str], task: str, label: str) -> tuple[Any, Signature]:
    signature = Signature.of(rows, columns, task=task, label=label)  # type: ignore[arg-type]
    y: Any = np.array(rows[label].to_pylist())
    if task != "regression":
        y = np.searchsorted(np.array(signature.classes), y.astype(str))
    estimator = make()
    return estimator.fit(frame_of(columns_of(rows, signature), signature), y), signature


SEVERAL = (
    "logistic",
    "xgboost",
    "xgboost, numbers",
    "gradient boosting",
    "random forest",
    "dummy",
    "dummy, most frequent",
)
CASES = [(name, "binary") for name in CLASSIFIERS] + [(name, "multiclass") for name in SEVERAL]


@pytest.mark.parametrize(("name", "task"), CASES)
def test_classifiers_become_onnx_and_agree(name: str, task: str, rows: pa.Table, packager: Packager) -> None:
    columns = columns_for(name)
    estimator, signature = fitted(CLASSIFIERS[name], rows, columns, task, TASKS[task])
    package = packager.package(estimator, signature, rows)
    assert package.format == "onnx", package.reason
    assert package.parity is not None
    assert package.parity.passed
    assert package.parity.max_abs_difference < 1e-5
    session = ModelStore(packager.store).open(package.digest)
    prediction = session.predict(rows)
    expected = estimator.predict_proba(frame_of(columns_of(rows, signature), signature))
    np.testing.assert_allclose(prediction.scores, expected, atol=1e-5)
    assert set(prediction.labels.tolist()) <= set(rows[TASKS[task]].to_pylist())


@pytest.mark.parametrize("name", list(REGRESSORS))
def test_regressors_become_onnx_and_agree(name: str, rows: pa.Table, packager: Packager) -> None:
    columns = NUMBERS if name == "gradient boosting" else columns_for(name)
    estimator, signature = fitted(REGRESSORS[name], rows, columns, "regression", "delay")
    package = packager.package(estimator, signature, rows)
    assert package.format == "onnx", package.reason
    prediction = ModelStore(packager.store).open(package.digest).predict(rows)
    assert prediction.scores is None
    expected = estimator.predict(frame_of(columns_of(rows, signature), signature)).reshape(-1)
    np.testing.assert_allclose(prediction.labels, expected, rtol=1e-5, atol=1e-4)


def test_a_target_encoder_becomes_onnx(rows: pa.Table, packager: Packager) -> None:
    make = BINARY_ONLY["target encoding"]
    estimator, signature = fitted(make, rows, COLUMNS, "binary", "late")
    assert packager.package(estimator, signature, rows).format == "onnx"


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_lightgbm_becomes_onnx(task: str, rows: pa.Table, packager: Packager) -> None:
    lightgbm = pytest.importorskip("lightgbm", reason="the extra [lightgbm] is not installed")
    kind = lightgbm.LGBMRegressor if task == "regression" else lightgbm.LGBMClassifier
    label = {"regression": "delay", **TASKS}[task]
    model = lambda: mixed("passthrough", one_hot(), kind(n_estimators=10, verbose=-1))  # noqa: E731
    estimator, signature = fitted(model, rows, COLUMNS, task, label)
    package = packager.package(estimator, signature, rows)
    assert package.format == "onnx", package.reason


def test_numbers_alone_are_one_matrix(rows: pa.Table, packager: Packager) -> None:
    estimator, signature = fitted(CLASSIFIERS["xgboost, numbers"], rows, NUMBERS, "binary", "late")
    package = packager.package(estimator, signature, rows)
    assert [(feed.kind, feed.columns) for feed in package.feeds] == [("float", ("temp", "hour"))]
    session = ModelStore(packager.store).open(package.digest)
    assert session.takes_matrix
    matrix = np.array([[0.5, 3.0], [np.nan, 7.0]], dtype=np.float32)
    by_name = session.predict({"hour": matrix[:, 1], "temp": matrix[:, 0]})
    np.testing.assert_array_equal(session.predict_rows(matrix).scores, by_name.scores)


def test_the_order_of_fitting_need_not_be_that_of_the_signature(rows: pa.Table, packager: Packager) -> None:
    estimator, signature = fitted(CLASSIFIERS["xgboost, numbers"], rows, ["temp", "hour"], "binary", "late")
    turned = Signature(tuple(reversed(signature.inputs)), "binary", signature.classes, "late", "boolean")
    package = packager.package(estimator, turned, rows)
    session = ModelStore(packager.store).open(package.digest)
    straight = ModelStore(packager.store).open(packager.package(estimator, signature, rows).digest)
    row = np.array([[0.5, 3.0]], dtype=np.float32)
    np.testing.assert_array_equal(session.predict_rows(row[:, ::-1]).scores, straight.predict_rows(row).scores)


def test_what_onnx_cannot_say_is_packaged_as_python_and_says_why(rows: pa.Table, packager: Packager) -> None:
    estimator, signature = fitted(
        lambda: CalibratedClassifierCV(CLASSIFIERS["logistic"](), cv=2), rows, COLUMNS, "binary", "late"
    )
    package = packager.package(estimator, signature, rows)
    assert package.format == "python"
    assert "CalibratedClassifierCV" in package.reason
    assert package.parity is not None
    assert package.parity.passed
    session = ModelStore(packager.store).open(package.digest)
    try:
        expected = estimator.predict_proba(frame_of(columns_of(rows, signature), signature))
        np.testing.assert_allclose(session.predict(rows).scores, expected, atol=1e-6)
    finally:
        session.close()


def test_a_conversion_that_answers_otherwise_is_not_used(rows: pa.Table, packager: Packager) -> None:
    """XGBoost takes the zeros of a sparse matrix as missing; the ONNX file cannot know."""
    sparse = ColumnTransformer(
        [("t", OneHotEncoder(handle_unknown="ignore"), TEXTS)], remainder="passthrough", sparse_threshold=1.0
    )
    make = lambda: make_pipeline(sparse, XGBClassifier(n_estimators=10, n_jobs=1))  # noqa: E731
    filled = rows.set_column(0, "temp", rows["temp"].fill_null(0.0))
    at_zero = filled.set_column(1, "hour", pa.array([0 if h < 12 else h for h in rows["hour"].to_pylist()]))
    estimator, signature = fitted(make, at_zero, COLUMNS, "binary", "late")
    package = packager.package(estimator, signature, at_zero)
    assert package.format == "python"
    assert "differ by more than" in package.reason
    assert package.parity is not None
    assert package.parity.passed


def test_missing_values_are_allowed_only_where_the_estimator_answers_them(rows: pa.Table, packager: Packager) -> None:
    filled = rows.set_column(0, "temp", rows["temp"].fill_null(0.0))
    estimator, signature = fitted(LogisticRegression, filled, NUMBERS, "binary", "late")
    package = packager.package(estimator, signature, filled)
    assert [field.nullable for field in package.signature.inputs] == [False, False]
    session = ModelStore(packager.store).open(package.digest)
    with pytest.raises(InvalidInput, match="temp is missing in row 1"):
        session.predict({"temp": [0.1, np.nan], "hour": [1, 2]})


def test_text_labels_and_boolean_labels_come_back_as_they_are(rows: pa.Table, packager: Packager) -> None:
    signature = Signature.of(rows, NUMBERS, task="multiclass", label="class")
    model = CLASSIFIERS["logistic, numbers"]()
    model.fit(frame_of(columns_of(rows, signature), signature), np.array(rows["class"].to_pylist()))
    package = packager.package(model, signature, rows)
    labels = ModelStore(packager.store).open(package.digest).predict(rows).labels
    np.testing.assert_array_equal(labels, model.predict(frame_of(columns_of(rows, signature), signature)))


def test_classes_follow_the_estimators_order(rows: pa.Table, packager: Packager) -> None:
    signature = Signature.of(rows, ["hour"], task="binary", label="late", classes=[True, False])
    model = LogisticRegression().fit(frame_of(columns_of(rows, signature), signature), rows["late"].to_numpy())
    package = packager.package(model, signature, rows)
    assert package.signature.labels == (False, True)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda s: Signature(s.inputs[:1], s.task, s.classes), "'hour'"),
        (lambda s: Signature((*s.inputs, Field("wind")), s.task, s.classes), "'wind'"),
        (lambda s: Signature(s.inputs, "multiclass", ("a", "b", "c")), "knows the classes"),
        (lambda s: Signature(s.inputs, s.task, ("no", "maybe"), class_type="text"), ""),
    ],
)
def test_a_signature_that_does_not_fit_is_refused(change: Any, says: str, rows: pa.Table, packager: Packager) -> None:
    estimator, signature = fitted(CLASSIFIERS["logistic, numbers"], rows, NUMBERS, "binary", "late")
    wide = rows.append_column("wind", rows["hour"])
    if not says:  # an estimator that learned 0 and 1: positions count
        assert packager.package(estimator, change(signature), wide).signature.classes == ("no", "maybe")
        return
    with pytest.raises(InvalidInput) as caught:
        packager.package(estimator, change(signature), wide)
    assert says in str(caught.value)


def test_estimators_without_probabilities_are_refused_with_a_way_out(rows: pa.Table, packager: Packager) -> None:
    estimator, signature = fitted(lambda: make_pipeline(scaled(), LinearSVC()), rows, NUMBERS, "binary", "late")
    with pytest.raises(InvalidInput, match="CalibratedClassifierCV"):
        packager.package(estimator, signature, rows)


def test_a_sample_that_does_not_fit_is_refused(rows: pa.Table, packager: Packager) -> None:
    estimator, signature = fitted(CLASSIFIERS["logistic, numbers"], rows, NUMBERS, "binary", "late")
    with pytest.raises(InvalidInput, match="no rows"):
        packager.package(estimator, signature, rows.slice(0, 0))
    with pytest.raises(InvalidInput, match="cannot answer its own sample"):
        packager.package(CLASSIFIERS["logistic, numbers"](), signature, rows)


def test_the_same_estimator_gives_the_same_digest_in_another_process(tmp_path, rows: pa.Table) -> None:
    program = """
import sys, numpy as np, pyarrow as pa
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from treadle.artifacts import ArtifactStore
from treadle.models import Packager, Signature, columns_of, frame_of
x = np.arange(200.0)
rows = pa.table({"x": x, "c": np.where(x % 3 > 1, "a", "b"), "y": x % 2 > 0})
signature = Signature.of(rows, ["x", "c"], task="binary", label="y")
model = make_pipeline(ColumnTransformer([("n", StandardScaler(), ["x"]), ("c", OneHotEncoder(), ["c"])]), LogisticRegression())
model.fit(frame_of(columns_of(rows, signature), signature), rows["y"].to_numpy())
print(Packager(ArtifactStore(sys.argv[1])).package(model, signature, rows, metadata={"loop": "x"}).digest)
"""

    def digest(seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", program, str(tmp_path / seed)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    assert digest("1") == digest("2") != ""


def test_metadata_says_what_made_it(rows: pa.Table, packager: Packager) -> None:
    estimator, signature = fitted(CLASSIFIERS["xgboost"], rows, COLUMNS, "binary", "late")
    package = packager.package(estimator, signature, rows, metadata={"loop": "late-arrival"})
    assert package.metadata["loop"] == "late-arrival"
    assert {"sklearn", "xgboost", "numpy"} <= set(package.metadata["frameworks"])
    assert Package.decode(package.encode()) == package
    assert packager.store.exists(package.digest)


def test_packaging_leaves_the_estimator_as_it_was(rows: pa.Table, store: ArtifactStore) -> None:
    estimator, signature = fitted(CLASSIFIERS["imputed text"], rows, COLUMNS, "binary", "late")
    before = estimator.predict_proba(frame_of(columns_of(rows, signature), signature))
    Packager(store).package(estimator, signature, rows)
    after = estimator.predict_proba(frame_of(columns_of(rows, signature), signature))
    np.testing.assert_array_equal(before, after)
