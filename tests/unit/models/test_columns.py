"""One place decides what missing and mistyped values mean."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.errors import InvalidInput
from treadle.models import Field, Signature, columns_of, frame_of, prepare

SIGNATURE = Signature((Field("temp"), Field("dest", "string")), "regression")


def one(field: Field, values: object) -> np.ndarray:
    return prepare({field.name: values}, Signature((field,), "regression"))[field.name]


def test_missing_numbers_are_nan_and_missing_texts_are_empty() -> None:
    ready = prepare(
        {"temp": np.array([1, None, float("nan")], dtype=object), "dest": np.array(["IAH", None, ""], dtype=object)},
        SIGNATURE,
    )
    assert ready["temp"].dtype == np.float32
    np.testing.assert_array_equal(ready["temp"], np.array([1, np.nan, np.nan], dtype=np.float32))
    assert ready["dest"].tolist() == ["IAH", "", ""]


@given(st.lists(st.one_of(st.none(), st.floats(width=32), st.integers(-(2**24), 2**24), st.booleans()), min_size=1))
def test_every_number_survives(values: list[object]) -> None:
    ready = one(Field("a"), np.array([*values, None], dtype=object)[:-1])
    expected = np.array([np.nan if v is None else v for v in values], dtype=np.float32)
    np.testing.assert_array_equal(ready, expected)


@given(st.lists(st.one_of(st.none(), st.text(max_size=5)), min_size=1))
def test_every_text_survives(values: list[str | None]) -> None:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    assert one(Field("a", "string"), array).tolist() == [v or "" for v in values]


@pytest.mark.parametrize(
    ("field", "values", "says"),
    [
        (Field("a"), ["x"], "a holds 'x'; the model reads numbers"),
        (Field("a"), np.array(["x"]), "a holds"),
        (Field("a", "string"), [5], "a holds 5; the model reads text"),
        (Field("a", "string"), np.array([5.0, None], dtype=object), "a holds 5.0"),
        (Field("a"), [10**400], "a holds a whole number of more than 300 digits"),
        (Field("a", "int64"), [1.5], "the model reads whole numbers"),
        (Field("a", "int64"), [np.nan], "missing value"),
        (Field("a", "boolean"), [2], "true or false"),
        (Field("a"), [[1.0, 2.0]], "has the shape [1, 2], not [1]"),
        (Field("a", nullable=False), [np.nan], "a is missing in row 0"),
        (Field("a", "string", nullable=False), np.array(["x", None], dtype=object), "a is missing in row 1"),
    ],
)
def test_what_does_not_fit_is_named(field: Field, values: object, says: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        one(field, values)
    assert says in str(caught.value)
    assert caught.value.field == "a"


def test_whole_numbers_and_booleans_keep_their_type() -> None:
    assert one(Field("a", "int64"), [1, 2]).dtype == np.int64
    assert one(Field("a", "boolean"), [True, False]).dtype == bool


def test_absent_columns_get_a_suggestion_and_optional_ones_are_missing() -> None:
    with pytest.raises(InvalidInput, match="Did you mean 'tmp'"):
        prepare({"tmp": [1.0], "dest": ["IAH"]}, SIGNATURE)
    optional = Signature((Field("temp"), Field("wind", required=False)), "regression")
    assert np.isnan(prepare({"temp": [1.0]}, optional)["wind"]).all()


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(InvalidInput, match="dest has 1 rows and temp has 2"):
        prepare({"temp": [1.0, 2.0], "dest": ["IAH"]}, SIGNATURE)


def test_the_frame_says_missing_as_pandas_does() -> None:
    frame = frame_of({"temp": [1.0, None], "dest": np.array(["IAH", ""], dtype=object)}, SIGNATURE)
    assert list(frame.columns) == ["temp", "dest"]
    assert frame["temp"].dtype == np.float32
    assert pd.isna(frame.loc[1, "temp"])
    assert frame.loc[0, "dest"] == "IAH"
    assert pd.isna(frame.loc[1, "dest"])


def test_an_arrow_table_gives_the_same_columns(rows: pa.Table) -> None:
    columns = columns_of(rows, SIGNATURE)
    assert columns["temp"].dtype == np.float64
    assert np.isnan(columns["temp"]).sum() == rows["temp"].null_count
    assert columns["dest"].tolist() == rows["dest"].to_pylist()
    encoded = rows.set_column(2, "dest", rows["dest"].dictionary_encode())
    assert columns_of(encoded, SIGNATURE)["dest"].tolist() == rows["dest"].to_pylist()


def test_text_where_numbers_are_read_is_named(rows: pa.Table) -> None:
    renamed = rows.select(["dest", "temp"]).rename_columns(["temp", "dest"])
    with pytest.raises(InvalidInput) as caught:
        columns_of(renamed, SIGNATURE)
    assert caught.value.field == "temp"
