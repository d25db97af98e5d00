"""Messages through the wall are plain data with a length."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from treadle.errors import Corrupt
from treadle.models.messages import LARGEST, pack_array, read_message, unpack_array, write_message


@given(arrays.arrays(st.sampled_from([np.float32, np.float64, np.int64, np.bool_]), arrays.array_shapes(max_dims=2)))
def test_numbers_come_through(array: np.ndarray) -> None:
    stream = io.BytesIO()
    write_message(stream, {"a": pack_array(array)})
    stream.seek(0)
    message = read_message(stream)
    assert message is not None
    np.testing.assert_array_equal(unpack_array(message["a"]), array)
    assert read_message(stream) is None


def test_text_comes_through() -> None:
    array = np.array(["IAH", "", "ä"], dtype=object)
    assert unpack_array(pack_array(array)).tolist() == array.tolist()


def test_a_torn_message_is_the_end() -> None:
    stream = io.BytesIO()
    write_message(stream, {"a": 1})
    assert read_message(io.BytesIO(stream.getvalue()[:-1])) is None
    assert read_message(io.BytesIO(b"\x01")) is None


@pytest.mark.parametrize("body", [b"\xc1", b"\x93\x01\x02\x03", pickle.dumps({"a": 1})])
def test_what_is_no_message_is_corrupt(body: bytes) -> None:
    with pytest.raises(Corrupt):
        read_message(io.BytesIO(len(body).to_bytes(4, "little") + body))


def test_a_length_beyond_all_measure_is_not_believed() -> None:
    with pytest.raises(Corrupt, match="larger"):
        read_message(io.BytesIO((LARGEST + 1).to_bytes(4, "little")))


@pytest.mark.parametrize(
    "packed", [None, 5, ["<f4"], ["O", [1], b"12345678"], ["<f4", [3], b"1234"], ["no", [1], b""], ["text", [3], ["a"]]]
)
def test_what_is_no_array_is_corrupt(packed: object) -> None:
    with pytest.raises(Corrupt):
        unpack_array(packed)
