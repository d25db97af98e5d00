"""MLflow's scoring protocol: every form of its body, and a clear word for everything else."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.errors import InvalidInput
from treadle.serving.question import Question
from treadle.serving.scoring import read_csv, read_scoring

NAMES = ("x", "z")


def read(body: Any, names: tuple[str, ...] = NAMES) -> Question:
    return read_scoring(json.dumps(body).encode(), names)[0]


def columns(question: Question) -> dict[str, list]:
    if question.matrix is not None:
        return {name: question.matrix[:, i].tolist() for i, name in enumerate(NAMES)}
    assert question.columns is not None
    return {name: list(values) for name, values in question.columns.items()}


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": ["x", "z"], "data": [[1.0, 2.0], [3.0, 4.0]]}},
        {"dataframe_split": {"columns": ["z", "x"], "data": [[2.0, 1.0], [4.0, 3.0]], "index": [7, 8]}},
        {"dataframe_split": {"data": [[1.0, 2.0], [3.0, 4.0]]}},
        {"dataframe_records": [{"x": 1.0, "z": 2.0}, {"z": 4.0, "x": 3.0}]},
        {"instances": [{"x": 1.0, "z": 2.0}, {"x": 3.0, "z": 4.0}]},
        {"instances": [[1.0, 2.0], [3.0, 4.0]]},
        {"inputs": [[1.0, 2.0], [3.0, 4.0]]},
        {"inputs": {"x": [1.0, 3.0], "z": [2.0, 4.0]}},
        {"inputs": {"x": [[1.0], [3.0]], "z": [[2.0], [4.0]]}},
    ],
)
def test_every_form_holds_the_same_rows(body: dict) -> None:
    question = read(body)
    assert question.rows == 2
    assert columns(question) == {"x": [1.0, 3.0], "z": [2.0, 4.0]}
    assert not question.strict


def test_one_row_may_stand_alone() -> None:
    assert columns(read({"inputs": [1.0, 2.0]})) == {"x": [1.0], "z": [2.0]}
    single = read({"inputs": [1.0, 2.0]}, names=("x",))
    assert single.rows == 2
    assert columns(read({"inputs": {"x": 1.0, "z": 2.0}})) == {"x": [1.0], "z": [2.0]}


def test_missing_values_are_null() -> None:
    question = read({"inputs": [[None, 2.0]]})
    assert question.matrix is not None
    assert np.isnan(question.matrix[0, 0])
    assert not question.whole
    assert columns(read({"dataframe_records": [{"x": 1.0}, {"z": 2.0}]})) == {"x": [1.0, None], "z": [None, 2.0]}


def test_texts_and_booleans_are_not_numbers() -> None:
    assert columns(read({"inputs": [["1", "2"]]})) == {"x": ["1"], "z": ["2"]}
    assert columns(read({"inputs": [[True, 2]]})) == {"x": [True], "z": [2]}


def test_params_choose_scores_and_carry_time_and_ids() -> None:
    body = {"inputs": [[1, 2]], "params": {"method": "predict_proba", "time": "2013-04-01", "prediction_id": "p1"}}
    question, scores = read_scoring(json.dumps(body).encode(), NAMES)
    assert scores
    assert question.at == 1364774400_000000
    assert question.ids == ["p1"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ([], "body"),
        ({"inputs": [[1, 2]], "instances": [[1, 2]]}, "body"),
        ({"inputs": []}, "inputs"),
        ({"inputs": 5}, "inputs"),
        ({"inputs": [[1]]}, "inputs"),
        ({"inputs": [[1, 2], [3]]}, "inputs"),
        ({"inputs": [[1, 2], 3]}, "inputs"),
        ({"inputs": [[[1], 2]]}, "x"),
        ({"inputs": {}}, "inputs"),
        ({"instances": []}, "instances"),
        ({"dataframe_split": []}, "dataframe_split"),
        ({"dataframe_split": {}}, "dataframe_split.data"),
        ({"dataframe_split": {"columns": ["x"], "data": [1]}}, "dataframe_split.data"),
        ({"dataframe_split": {"columns": ["x", 5], "data": [[1, 2]]}}, "dataframe_split.columns"),
        ({"dataframe_split": {"columns": ["x", "x"], "data": [[1, 2]]}}, "dataframe_split.data"),
        ({"dataframe_split": {"columns": ["x"], "data": [[1, 2]]}}, "dataframe_split.data"),
        ({"dataframe_records": [5]}, "dataframe_records[0]"),
        ({"dataframe_records": [{"x": {"a": 1}}]}, "x"),
        ({"dataframe_records": []}, "dataframe_records"),
        ({"inputs": [[1, 2]], "params": 5}, "params"),
        ({"inputs": [[1, 2]], "params": {"method": "explode"}}, "params.method"),
    ],
)
def test_what_does_not_fit_is_named(body: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(body)
    assert caught.value.field == field


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["x", "z", "data", "columns"]), inner)
        ),
        max_leaves=10,
    ),
    st.sampled_from(["inputs", "instances", "dataframe_split", "dataframe_records", "params"]),
)
def test_no_json_whatever_does_worse_than_invalid_input(value: Any, form: str) -> None:
    with suppress(InvalidInput):
        read({form: value})


def test_csv_keeps_texts_and_reads_numbers() -> None:
    question = read_csv(b"\xef\xbb\xbfx,code\n1.5,007\n,\n", {"code"})
    assert columns(question) == {"x": [1.5, None], "code": ["007", None]}


@pytest.mark.parametrize("body", [b"", b"x,z\n", b"\xff\xff", b"x,z\n1\n", b'x\n"open', b"x,x\n1,2\n"])
def test_csv_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_csv(body, set())
