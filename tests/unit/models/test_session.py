"""An open ONNX model: feeds, shapes, and the errors of rows and files that do not fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import pyarrow as pa
import pytest
from onnx import TensorProto, helper

from treadle.errors import Corrupt, InvalidInput
from treadle.models import Feed, Field, Package, Signature
from treadle.models.session import OnnxSession


def model(nodes: list, inputs: list, outputs: list, initializers: list | None = None) -> bytes:
    graph = helper.make_graph(nodes, "g", inputs, outputs, initializers or [])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return made.SerializeToString()


def softmax(kind: int = TensorProto.FLOAT, width: int = 2) -> bytes:
    return model(
        [helper.make_node("Softmax", ["x"], ["p"], axis=-1)],
        [helper.make_tensor_value_info("x", kind, [None, width])],
        [helper.make_tensor_value_info("p", kind, [None, width])],
    )


BINARY = Signature((Field("a"), Field("b")), "binary", ("no", "yes"))
PACKAGE = Package("onnx", BINARY, {}, feeds=(Feed("x", "float", ("a", "b")),), output="p")


def test_rows_by_matrix_and_by_name_are_the_same() -> None:
    session = OnnxSession(PACKAGE, softmax())
    matrix = np.array([[0, 3], [2, 1]], dtype=np.float32)
    by_matrix = session.predict_rows(matrix)
    assert by_matrix.labels.tolist() == ["yes", "no"]
    np.testing.assert_allclose(by_matrix.scores.sum(axis=1), 1, atol=1e-6)
    by_table = session.predict(pa.table({"b": matrix[:, 1], "a": matrix[:, 0]}))
    np.testing.assert_array_equal(by_table.scores, by_matrix.scores)
    np.testing.assert_array_equal(session.answer_row(matrix[:1]), by_matrix.scores[:1])


def test_the_short_way_gives_up_rather_than_answer_wrongly() -> None:
    session = OnnxSession(PACKAGE, softmax())
    assert session.answer_row(np.zeros((1, 3), dtype=np.float32)) is None
    assert session.answer_row(np.zeros((2, 2), dtype=np.float32)) is None


def test_columns_are_put_in_the_order_of_the_file() -> None:
    turned = replace(PACKAGE, feeds=(Feed("x", "float", ("b", "a")),))
    session = OnnxSession(turned, softmax())
    assert session.predict_rows(np.array([[0, 3]], dtype=np.float32)).labels.tolist() == ["no"]
    assert session.predict({"a": [0.0], "b": [3.0]}).labels.tolist() == ["no"]


@pytest.mark.parametrize("kind", ["double", "int64", "int32"])
def test_other_kinds_of_input_are_converted(kind: str) -> None:
    elem = {"double": TensorProto.DOUBLE, "int64": TensorProto.INT64, "int32": TensorProto.INT32}[kind]
    data = model(
        [helper.make_node("Cast", ["x"], ["v"], to=TensorProto.FLOAT)],
        [helper.make_tensor_value_info("x", elem, [None, 1])],
        [helper.make_tensor_value_info("v", TensorProto.FLOAT, [None, 1])],
    )
    field = Field("a", "float32" if kind == "double" else "int64")
    package = Package("onnx", Signature((field,), "regression"), {}, feeds=(Feed("x", kind, ("a",)),), output="v")  # type: ignore[arg-type]
    session = OnnxSession(package, data)
    assert not session.takes_matrix
    assert session.predict({"a": [4, 5]}).labels.tolist() == [4.0, 5.0]
    assert session.predict_rows(np.array([[7.0]], dtype=np.float32)).labels.tolist() == [7.0]


def test_one_probability_is_that_of_the_second_class() -> None:
    data = model(
        [helper.make_node("Sigmoid", ["x"], ["p"])],
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 1])],
        [helper.make_tensor_value_info("p", TensorProto.FLOAT, [None, 1])],
    )
    signature = Signature((Field("x"),), "binary", ("no", "yes"))
    session = OnnxSession(Package("onnx", signature, {}, feeds=(Feed("x", "float", ("x",)),), output="p"), data)
    prediction = session.predict({"x": [5.0, -5.0]})
    assert prediction.labels.tolist() == ["yes", "no"]
    np.testing.assert_allclose(prediction.scores.sum(axis=1), 1)
    assert session.predict_rows(np.array([[5.0]], dtype=np.float32)).labels.tolist() == ["yes"]


def test_a_file_that_is_not_what_the_manifest_says_is_corrupt() -> None:
    for package in (
        replace(PACKAGE, output="other"),
        replace(PACKAGE, feeds=(Feed("y", "float", ("a", "b")),)),
        replace(PACKAGE, feeds=(Feed("x", "string", ("a", "b")),)),
    ):
        with pytest.raises(Corrupt, match="does not fit its manifest"):
            OnnxSession(package, softmax())
    three = Signature(BINARY.inputs, "multiclass", ("a", "b", "c"))
    with pytest.raises(Corrupt, match="its manifest says"):
        OnnxSession(replace(PACKAGE, signature=three), softmax()).predict({"a": [1.0], "b": [1.0]})


def test_rows_the_file_cannot_take_are_the_callers_mistake() -> None:
    session = OnnxSession(PACKAGE, softmax())
    with pytest.raises(InvalidInput, match="cannot answer these rows"):
        session.answer_rows(np.zeros((1, 3), dtype=np.float32))
    with pytest.raises(InvalidInput, match="no finite answer for row 1"):
        session.predict({"a": [1.0, np.nan], "b": [1.0, 2.0]})


def test_bytes_that_are_no_model_are_corrupt() -> None:
    for data in (b"", b"garbage", softmax()[:-20], onnx.ModelProto().SerializeToString()):
        with pytest.raises(Corrupt) as caught:
            OnnxSession(PACKAGE, data)
        assert caught.value.mend
