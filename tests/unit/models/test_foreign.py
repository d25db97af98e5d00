"""ONNX files made elsewhere: read, checked, and refused when they are damaged, hostile or no model of rows."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.datasets import make_classification, make_regression
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from treadle.errors import InvalidInput
from treadle.models import Field, ModelStore, Packager, Signature


def exported(estimator: object, x: np.ndarray, **settings: object) -> bytes:
    made = to_onnx(estimator, initial_types=[("x", FloatTensorType([None, x.shape[1]]))], **settings)
    assert isinstance(made, ModelProto)
    return made.SerializeToString()


@pytest.fixture(scope="module")
def classified() -> tuple[np.ndarray, np.ndarray]:
    x, y = make_classification(200, 4, random_state=0)
    return x.astype(np.float32), y


@pytest.mark.parametrize("zipmap", [True, False])
def test_a_classifier_says_its_classes_with_or_without_maps(
    zipmap: bool, packager: Packager, classified: tuple
) -> None:
    x, y = classified
    model = RandomForestClassifier(10, random_state=0).fit(x, y)
    package = packager.package_onnx(exported(model, x, options={id(model): {"zipmap": zipmap}}), label="y")
    assert package.signature.task == "binary"
    assert package.signature.labels == (0, 1)
    assert package.signature.names == ("x_0", "x_1", "x_2", "x_3")
    assert package.parity is None
    prediction = ModelStore(packager.store).open(package.digest).predict_rows(x)
    np.testing.assert_allclose(prediction.scores, model.predict_proba(x), atol=1e-6)
    np.testing.assert_array_equal(prediction.labels, model.predict(x))


def test_text_classes_and_a_signature_that_names_columns(packager: Packager, classified: tuple) -> None:
    x, y = classified
    names = np.array(["no", "yes"])[y]
    model = LogisticRegression().fit(x, names)
    signature = Signature(tuple(Field(n) for n in "abcd"), "binary", ("no", "yes"))
    package = packager.package_onnx(exported(model, x), signature=signature)
    prediction = ModelStore(packager.store).open(package.digest).predict({n: x[:, i] for i, n in enumerate("abcd")})
    np.testing.assert_array_equal(prediction.labels, model.predict(x))


def test_a_regressor(packager: Packager) -> None:
    x, y = make_regression(100, 3, random_state=0)
    model = RandomForestRegressor(5, random_state=0).fit(x, y)
    package = packager.package_onnx(exported(model, x.astype(np.float32)))
    assert package.signature.task == "regression"
    labels = ModelStore(packager.store).open(package.digest).predict_rows(x.astype(np.float32)).labels
    np.testing.assert_allclose(labels, model.predict(x.astype(np.float32)), rtol=1e-5)


def test_columns_of_their_own(packager: Packager) -> None:
    import pandas as pd

    frame = pd.DataFrame({"n": np.arange(20), "t": ["a", "b"] * 10})
    model = make_pipeline(
        ColumnTransformer([("t", OneHotEncoder(), ["t"])], remainder="passthrough"), LogisticRegression()
    )
    model.fit(frame, np.arange(20) > 9)
    types = [("n", Int64TensorType([None, 1])), ("t", StringTensorType([None, 1]))]
    made = to_onnx(model, initial_types=types)
    assert isinstance(made, ModelProto)
    package = packager.package_onnx(made.SerializeToString())
    assert [(f.name, f.type) for f in package.signature.inputs] == [("n", "int64"), ("t", "string")]
    session = ModelStore(packager.store).open(package.digest)
    np.testing.assert_allclose(session.predict(frame.to_dict("list")).scores, model.predict_proba(frame), atol=1e-6)


def graph(nodes: list, inputs: list, outputs: list, initializers: list | None = None, **opsets: int) -> bytes:
    made = helper.make_graph(nodes, "g", inputs, outputs, initializers or [])
    imports = [helper.make_opsetid(domain.replace("_", "."), version) for domain, version in opsets.items()]
    return helper.make_model(
        made, opset_imports=[helper.make_opsetid("", 18), *imports], ir_version=9
    ).SerializeToString()


def value(name: str, kind: int, shape: list) -> object:
    return helper.make_tensor_value_info(name, kind, shape)


X = value("x", TensorProto.FLOAT, [None, 2])
Y = value("y", TensorProto.FLOAT, [None, 2])


def external() -> bytes:
    tensor = helper.make_tensor("w", TensorProto.FLOAT, [2], [1.0, 2.0])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../etc/passwd")
    return graph([helper.make_node("Add", ["x", "w"], ["y"])], [X], [Y], [tensor])


BAD = {
    "empty": (b"", "holds no computation"),
    "garbage": (b"MZ this is not a model at all", "cannot be read"),
    "a pickle": (b"\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94", "cannot be read"),
    "weights in another file": (external(), "in another file"),
    "foreign operators": (
        graph([helper.make_node("Evil", ["x"], ["y"], domain="evil.corp")], [X], [Y], evil_corp=1),
        "evil.corp",
    ),
    "unknown operator": (
        graph([helper.make_node("NoSuchOperator", ["x"], ["y"])], [X], [Y]),
        "breaks the ONNX specification",
    ),
    "dangling input": (graph([helper.make_node("Relu", ["z"], ["y"])], [X], [Y]), "breaks the ONNX specification"),
    "answers text": (
        graph(
            [helper.make_node("Cast", ["x"], ["t"], to=TensorProto.STRING)],
            [X],
            [value("t", TensorProto.STRING, [None, 2])],
        ),
        "answers with no numbers",
    ),
    "images": (
        graph([helper.make_node("Relu", ["i"], ["y"])], [value("i", TensorProto.FLOAT, [None, 3, 8, 8])], [Y]),
        "not a table of rows",
    ),
    "width unknown": (
        graph([helper.make_node("Relu", ["x"], ["y"])], [value("x", TensorProto.FLOAT, [None, None])], [Y]),
        "how many columns",
    ),
    "absurd width": (
        graph([helper.make_node("Relu", ["x"], ["y"])], [value("x", TensorProto.FLOAT, [None, 10**9])], [Y]),
        "how many columns",
    ),
    "task unknown": (
        graph([helper.make_node("Relu", ["x"], ["y"])], [X], [value("y", TensorProto.FLOAT, [None, None])]),
        "whether it predicts a value or classes",
    ),
}


@pytest.mark.parametrize("name", list(BAD))
def test_bad_files_are_refused_with_what_is_wrong(name: str, packager: Packager) -> None:
    data, says = BAD[name]
    with pytest.raises(InvalidInput) as caught:
        packager.package_onnx(data)
    assert says in str(caught.value)
    assert caught.value.mend
    assert not list(packager.store.digests())


def test_a_torn_file_is_refused(packager: Packager, classified: tuple) -> None:
    x, y = classified
    data = exported(RandomForestClassifier(3, random_state=0).fit(x, y), x)
    for length in (10, len(data) // 2, len(data) - 1):
        with pytest.raises(InvalidInput):
            packager.package_onnx(data[:length])


def test_a_file_that_eats_all_memory_is_found_out_apart(packager: Packager) -> None:
    shape = helper.make_tensor("s", TensorProto.INT64, [2], [1 << 20, 1 << 18])
    nodes = [
        helper.make_node("ConstantOfShape", ["s"], ["huge"]),
        helper.make_node("ReduceSum", ["huge"], ["sum"], keepdims=1),
        helper.make_node("Add", ["x", "sum"], ["y"]),
    ]
    with pytest.raises(InvalidInput) as caught:
        packager.package_onnx(graph(nodes, [X], [Y], [shape]), task="binary", classes=("no", "yes"))
    assert caught.value.field == "model"


def test_a_signature_of_other_columns_is_refused(packager: Packager, classified: tuple) -> None:
    x, y = classified
    data = exported(LogisticRegression().fit(x, y), x)
    wrong = Signature(tuple(Field(n) for n in "abc"), "binary", ("0", "1"))
    with pytest.raises(InvalidInput):
        packager.package_onnx(data, signature=wrong)
