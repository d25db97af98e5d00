"""Converters that scikit-learn's own package does not bring: XGBoost, LightGBM, and the dummy baselines."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

import numpy as np
from onnx import TensorProto, helper
from skl2onnx import update_registered_converter
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from skl2onnx.common.shape_calculator import (
    calculate_linear_classifier_output_shapes,
    calculate_linear_regressor_output_shapes,
)
from sklearn.dummy import DummyClassifier, DummyRegressor

_CLASSIFIER_OPTIONS = {"nocl": [True, False], "zipmap": [True, False, "columns"], "output_class_labels": [False, True]}


def register_converters() -> None:
    """Make every converter of this file known to skl2onnx; those of a package only once somebody has imported it."""
    _register_dummies()
    if "xgboost" in sys.modules:
        _register_xgboost()
    if "lightgbm" in sys.modules:
        _register_lightgbm()


@cache
def _register_xgboost() -> None:
    import xgboost
    from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost

    for kind in (xgboost.XGBClassifier, xgboost.XGBRFClassifier):
        _classifier(kind, f"XGBoost{kind.__name__}", convert_xgboost)
    for kind in (xgboost.XGBRegressor, xgboost.XGBRFRegressor):
        _regressor(kind, f"XGBoost{kind.__name__}", convert_xgboost)


@cache
def _register_lightgbm() -> None:
    import lightgbm  # type: ignore[import-not-found]
    from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm

    _classifier(lightgbm.LGBMClassifier, "LightGbmLGBMClassifier", convert_lightgbm, split=None)
    _regressor(lightgbm.LGBMRegressor, "LightGbmLGBMRegressor", convert_lightgbm, split=None)


@cache
def _register_dummies() -> None:
    update_registered_converter(
        DummyClassifier,
        "TreadleDummyClassifier",
        _dummy_classifier_shapes,
        _convert_dummy_classifier,
        options=_CLASSIFIER_OPTIONS,
    )
    update_registered_converter(
        DummyRegressor, "TreadleDummyRegressor", _dummy_regressor_shapes, _convert_dummy_regressor
    )


def _classifier(kind: type, name: str, convert: Any, **options: Any) -> None:
    update_registered_converter(
        kind, name, calculate_linear_classifier_output_shapes, convert, options={**_CLASSIFIER_OPTIONS, **options}
    )


def _regressor(kind: type, name: str, convert: Any, **options: Any) -> None:
    update_registered_converter(kind, name, calculate_linear_regressor_output_shapes, convert, options=options or None)


def _dummy_classifier_shapes(operator: Any) -> None:
    """Any number of inputs: only their rows are counted."""
    classes = operator.raw_operator.classes_
    label = Int64TensorType if _numeric(classes) else StringTensorType
    operator.outputs[0].type = label([None])
    operator.outputs[1].type = FloatTensorType([None, len(classes)])


def _dummy_regressor_shapes(operator: Any) -> None:
    operator.outputs[0].type = FloatTensorType([None, 1])


def _numeric(classes: np.ndarray) -> bool:
    return np.issubdtype(classes.dtype, np.number) or classes.dtype == bool


def _convert_dummy_classifier(scope: Any, operator: Any, container: Any) -> None:
    dummy = operator.raw_operator
    if dummy.strategy not in ("prior", "most_frequent"):
        raise NotImplementedError(f"a dummy classifier that answers {dummy.strategy!r} is not a function of its input")
    prior = np.asarray(dummy.class_prior_, dtype=np.float32)
    if dummy.strategy == "most_frequent":
        prior = (np.arange(len(prior)) == prior.argmax()).astype(np.float32)
    _constant_rows(scope, operator, container, operator.outputs[1].full_name, prior.reshape(1, -1))
    if _numeric(dummy.classes_):
        value = helper.make_tensor("value", TensorProto.INT64, [1], [int(dummy.classes_[prior.argmax()])])
    else:
        value = helper.make_tensor(
            "value", TensorProto.STRING, [1], np.array([str(dummy.classes_[prior.argmax()])], dtype=object)
        )
    label = scope.get_unique_variable_name("label")
    container.add_node("Constant", [], label, op_version=13, value=value)
    container.add_node(
        "Expand", [label, _row_count(scope, operator, container)], operator.outputs[0].full_name, op_version=13
    )


def _convert_dummy_regressor(scope: Any, operator: Any, container: Any) -> None:
    constant = np.asarray(operator.raw_operator.constant_, dtype=np.float32).reshape(1, -1)
    _constant_rows(scope, operator, container, operator.outputs[0].full_name, constant)


def _constant_rows(scope: Any, operator: Any, container: Any, output: str, row: np.ndarray) -> None:
    """Repeat `row`, shape (1, k), once for each row of the input."""
    name, ones, shape = (scope.get_unique_variable_name(n) for n in ("row", "ones", "shape"))
    container.add_initializer(name, TensorProto.FLOAT, list(row.shape), row.ravel().tolist())
    container.add_initializer(ones, TensorProto.INT64, [1], [1])
    rows = _row_count(scope, operator, container)
    container.add_node("Concat", [rows, ones], shape, axis=0, op_version=13)
    container.add_node("Expand", [name, shape], output, op_version=13)


def _row_count(scope: Any, operator: Any, container: Any) -> str:
    shape, zero, rows = (scope.get_unique_variable_name(n) for n in ("input_shape", "zero", "rows"))
    container.add_node("Shape", operator.inputs[0].full_name, shape, op_version=13)
    container.add_initializer(zero, TensorProto.INT64, [1], [0])
    container.add_node("Gather", [shape, zero], rows, axis=0, op_version=13)
    return rows
