"""Open Inference requests: every shape and type the protocol allows, and a clear word for everything else."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.errors import InvalidInput
from treadle.serving.open_inference import MOST_ROWS, read_request
from treadle.serving.question import Question, prediction_ids

NAMES = ("x", "z")


def tensor(
    name: str = "x", shape: Any = (2,), datatype: str = "FP32", data: Any = (1.0, 2.0), **rest: Any
) -> dict[str, Any]:
    return {"name": name, "shape": list(shape), "datatype": datatype, "data": data, **rest}


def read(*inputs: dict[str, Any], matrix: bool = True, names: tuple[str, ...] = NAMES, **rest: Any) -> Question:
    return read_request(json.dumps({"inputs": list(inputs), **rest}).encode(), names, matrix)[0]


@pytest.mark.parametrize("data", [[1, 2, 3, 4], [[1, 2], [3, 4]], [1.0, 2, 3.0, 4]])
@pytest.mark.parametrize("datatype", ["FP32", "FP64", "FP16"])
def test_a_wide_tensor_is_rows_flat_or_nested(data: Any, datatype: str) -> None:
    question = read(tensor("anything", (2, 2), datatype, data))
    assert question.matrix is not None
    assert question.matrix.dtype == np.float32
    assert question.matrix.tolist() == [[1, 2], [3, 4]]
    assert question.whole


def test_missing_numbers_of_a_wide_tensor_are_null() -> None:
    question = read(tensor("m", (1, 2), "FP32", [None, 2.0]))
    assert question.matrix is not None
    assert np.isnan(question.matrix[0, 0])
    assert not question.whole


def test_a_wide_tensor_for_a_model_with_texts_becomes_columns() -> None:
    question = read(tensor("m", (2, 2), "BYTES", ["a", "b", "c", "d"]), matrix=False)
    assert question.columns is not None
    assert question.columns["x"].tolist() == ["a", "c"]
    assert question.columns["z"].tolist() == ["b", "d"]


@pytest.mark.parametrize(
    ("datatype", "data", "expected"),
    [
        ("FP32", [1.5, 2], [1.5, 2.0]),
        ("INT8", [-128, 127], [-128, 127]),
        ("INT64", [2**62, -(2**62)], [2**62, -(2**62)]),
        ("UINT8", [0, 255], [0, 255]),
        ("UINT64", [0, 2**64 - 1], [0, 2**64 - 1]),
        ("BOOL", [True, False], [True, False]),
        ("BYTES", ["ä", ""], ["ä", ""]),
        ("FP64", [None, 1.0], [None, 1.0]),
        ("BYTES", [None, "a"], [None, "a"]),
    ],
)
@pytest.mark.parametrize("shape", [(2,), (2, 1)])
def test_columns_of_every_type(datatype: str, data: list, expected: list, shape: tuple) -> None:
    question = read(tensor("x", shape, datatype, data), tensor("z", (2,), "FP32", [0.0, 0.0]))
    assert question.columns is not None
    assert question.columns["x"].tolist() == expected
    assert question.rows == 2


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), min_size=2, max_size=40).filter(
        lambda v: len(v) % 2 == 0
    )
)
def test_numbers_come_through_unchanged(values: list[float]) -> None:
    question = read(tensor("m", (len(values) // 2, 2), "FP32", values))
    assert question.matrix is not None
    assert question.matrix.ravel().tolist() == values


@pytest.mark.parametrize(
    ("inputs", "field", "says"),
    [
        ([], "inputs", "no inputs"),
        ([tensor(shape=(3,))], "inputs.x.shape", "has 2 values"),
        ([tensor(shape=(0,), data=[])], "inputs.x.shape", "no rows"),
        ([tensor(shape=(-1,))], "inputs.x.shape", "no rows"),
        ([tensor(shape=())], "inputs.x.shape", "a column has the shape"),
        ([tensor(shape=(2**40, 2**40, 2**40), data=[])], "inputs.x.shape", "a column has the shape"),
        ([tensor(shape=(10**18,), data=[1.0])], "inputs.x.shape", f"{MOST_ROWS:,}"),
        ([tensor("m", (10**18, 2), data=[1.0])], "inputs.m.shape", f"{MOST_ROWS:,}"),
        ([tensor("m", (2, 3), data=[1.0] * 6)], "inputs.m.shape", "[rows, 2]"),
        ([tensor("m", (2, 2), data=[1.0] * 3)], "inputs.m.shape", "has 3 values"),
        ([tensor(datatype="FP31")], "inputs.x.datatype", "Choose one of"),
        ([tensor(datatype="INT8", data=[1, 300])], "inputs.x.data", "does not fit into INT8"),
        ([tensor(datatype="UINT8", data=[-1, 0])], "inputs.x.data", "does not fit into UINT8"),
        ([tensor(datatype="INT64", data=[10**30, 0])], "inputs.x.data", "INT64"),
        ([tensor(datatype="INT32", data=[1.5, 2])], "inputs.x.data", "holds '1.5' at position 0"),
        ([tensor(datatype="FP32", data=["one", 2])], "inputs.x.data", "holds 'one' at position 0"),
        ([tensor(datatype="FP32", data=[True, 2])], "inputs.x.data", "holds 'True'"),
        ([tensor(datatype="BOOL", data=[1, 0])], "inputs.x.data", "BOOL"),
        ([tensor(datatype="BYTES", data=[1, 2])], "inputs.x.data", "BYTES"),
        ([tensor(data=[[1.0], [2.0]])], "inputs.x.data", "nested deeper"),
        ([tensor(data=[1.0, [2.0]])], "inputs.x.data", "holds '[2.0]'"),
        ([tensor(data={"a": 1})], "inputs.x.data", "not a list"),
        ([tensor(data=5)], "inputs.x.data", "not a list"),
        ([tensor(), tensor()], "x", "given twice"),
        ([tensor(), tensor("z", (3,), data=[1, 2, 3])], "inputs.z.shape", "z has 3 rows, x has 2"),
        ([tensor("m", (2, 2), "BYTES", ["a"] * 4)], "inputs.m.datatype", "the model reads numbers"),
    ],
)
def test_what_does_not_fit_is_named(inputs: list, field: str, says: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(*inputs)
    assert caught.value.field == field
    assert says in str(caught.value)
    assert caught.value.mend


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"null", "body"),
        (b"[]", "body"),
        (b'"text"', "body"),
        (b"\xff\xfe\x00", "body"),
        (b"{}", "body"),
        (b'{"inputs": 5}', "inputs"),
        (b'{"inputs": [5]}', "inputs[0]"),
        (b'{"inputs": [{"name": "x"}]}', "inputs[0]"),
        (b'{"inputs": [{"name": 5, "shape": [1], "datatype": "FP32"}]}', "inputs[0].name"),
        (b'{"inputs": [{"name": "x", "shape": [1.5], "datatype": "FP32"}]}', "inputs[0].shape[0]"),
        (b'{"inputs": [{"name": "x", "shape": "1", "datatype": "FP32"}]}', "inputs[0].shape"),
        (b'{"inputs": [{"name": "x", "shape": [1], "datatype": "FP32", "data": [NaN]}]}', "body"),
        (b'{"inputs": [{"name": "x", "shape": [1], "datatype": "FP32", "data": [Infinity]}]}', "body"),
        (b'{"inputs": [{"name": "x", "shape": [1], "datatype": "FP32"}]}', "inputs.x.data"),
        (b'{"id": 5, "inputs": []}', "id"),
        (b'{"inputs": [], "outputs": [{}]}', "outputs[0]"),
        (b'{"inputs": [{"name": "x", "shape": [1], "datatype": "FP32", "data": ' + b"[" * 200_000 + b"}", "body"),
        (b"[" * 200_000, "body"),
        (b'{"a":' * 200_000, "body"),
    ],
)
def test_bodies_that_are_no_requests_are_refused(body: bytes, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_request(body, NAMES, True)
    assert caught.value.field == field


def test_a_deeply_nested_value_that_is_whole_is_refused() -> None:
    data = b"[" * 5_000 + b"1" + b"]" * 5_000
    body = b'{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":' + data + b"}]}"
    with pytest.raises(InvalidInput, match=r"nested|deep"):
        read_request(body, NAMES, True)


@given(st.binary(max_size=60))
def test_no_bytes_whatever_do_worse_than_invalid_input(noise: bytes) -> None:
    for body in (noise, b'{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":' + noise + b"}]}"):
        with suppress(InvalidInput):
            read_request(body, NAMES, True)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries({"name": json_values, "shape": json_values, "datatype": json_values, "data": json_values}),
    json_values,
)
def test_no_json_whatever_does_worse_than_invalid_input(tensor: dict, parameters: Any) -> None:
    with suppress(InvalidInput):
        read_request(json.dumps({"inputs": [tensor], "parameters": parameters}).encode(), NAMES, True)


def test_ids_times_and_outputs_are_read() -> None:
    body = {
        "id": "r1",
        "parameters": {"time": "2013-04-01T06:00:00Z", "prediction_ids": ["a", "b"]},
        "inputs": [tensor("m", (2, 2), data=[1, 2, 3, 4])],
        "outputs": [{"name": "scores"}],
    }
    question, wanted = read_request(json.dumps(body).encode(), NAMES, True)
    assert question.request == "r1"
    assert question.at == 1364796000_000000
    assert prediction_ids(question, "new") == ["a", "b"]
    assert wanted == ["scores"]


@pytest.mark.parametrize(
    "more", [{"id": "a\x00b"}, {"parameters": {"prediction_id": "a\x00b"}}, {"parameters": {"key": "\x00"}}]
)
def test_an_id_that_no_database_keeps_is_refused(more: dict[str, Any]) -> None:
    body = {"inputs": [tensor("m", (1, 2), data=[1, 2])], **more}
    with pytest.raises(InvalidInput, match="null"):
        read_request(json.dumps(body).encode(), NAMES, True)


def test_each_row_may_have_its_moment() -> None:
    moments = ["2013-04-01", "2013-04-02T00:00:00+02:00"]
    question = read(tensor("m", (2, 2), data=[1, 2, 3, 4]), parameters={"time": moments})
    assert question.at == [1364774400_000000, 1364853600_000000]


@pytest.mark.parametrize(
    ("rows", "request_id", "given", "expected"),
    [
        (1, "", None, ["new"]),
        (1, "r", None, ["r"]),
        (2, "r", None, ["r.0", "r.1"]),
        (2, "", None, ["new.0", "new.1"]),
        (2, "r", ["a", "b"], ["a", "b"]),
    ],
)
def test_prediction_ids(rows: int, request_id: str, given: list[str] | None, expected: list[str]) -> None:
    assert prediction_ids(Question(rows, request=request_id, ids=given), "new") == expected


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"time": "yesterday"}, "parameters.time"),
        ({"time": 1364774400}, "parameters.time"),
        ({"time": ["2013-04-01"]}, "parameters.time"),
        ({"time": ["2013-04-01", None]}, "parameters.time"),
        ({"time": None}, "parameters.time"),
        ({"prediction_ids": ["a"]}, "parameters.prediction_ids"),
        ({"prediction_ids": ["a", "a"]}, "parameters.prediction_ids"),
        ({"prediction_ids": ["a", 5]}, "parameters.prediction_ids"),
        ({"prediction_ids": ["a", ""]}, "parameters.prediction_ids"),
        ({"prediction_ids": ["a", "x" * 300]}, "parameters.prediction_ids"),
        ({"prediction_ids": "ab"}, "parameters.prediction_ids"),
        ({"prediction_id": "a"}, "parameters.prediction_ids"),
    ],
)
def test_parameters_that_do_not_fit_are_named(parameters: dict, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(tensor("m", (2, 2), data=[1, 2, 3, 4]), parameters=parameters)
    assert caught.value.field == field


def test_an_id_has_a_length() -> None:
    for identifier in ("", "x" * 300):
        with pytest.raises(InvalidInput) as caught:
            read(tensor("m", (2, 2), data=[1, 2, 3, 4]), id=identifier)
        assert caught.value.field == "id"
