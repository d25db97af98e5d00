"""Entity keys."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.errors import InvalidInput
from treadle.features.keys import encode_key, key_of

PART = st.integers(-(2**63), 2**63 - 1) | st.text() | st.booleans()


@given(st.lists(PART, max_size=3), st.lists(PART, max_size=3))
def test_only_equal_keys_of_equal_types_have_equal_bytes(one: list[Any], other: list[Any]) -> None:
    same = [(type(v), v) for v in one] == [(type(v), v) for v in other]
    assert (encode_key(one) == encode_key(other)) is same


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("integer", 7, 7),
        ("integer", 7.0, 7),
        ("integer", np.int32(7), 7),
        ("integer", np.float64(7), 7),
        ("text", "7", "7"),
        ("text", np.str_("JFK"), "JFK"),
        ("boolean", True, True),
        ("boolean", np.bool_(False), False),
        ("timestamp", datetime(1970, 1, 1, 0, 0, 1), 1_000_000),
        ("timestamp", datetime(1970, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), 0),
        ("timestamp", "1970-01-01T00:00:01Z", 1_000_000),
        ("date", date(1970, 1, 3), 2),
        ("date", "1969-12-31", -1),
        ("date", datetime(1970, 1, 3, 5, tzinfo=UTC), 2),
    ],
)
def test_values_are_kept_as_their_kind(kind: str, value: Any, kept: Any) -> None:
    assert key_of({"k": value}, ["k"], [kind]) == encode_key([kept])


@pytest.mark.parametrize(("kind", "value"), [("text", None), ("integer", None), ("integer", float("nan"))])
def test_a_missing_part_is_no_key(kind: str, value: Any) -> None:
    assert key_of({"a": "x", "k": value}, ["a", "k"], ["text", kind]) is None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("integer", "7"),
        ("integer", True),
        ("integer", 7.5),
        ("integer", float("inf")),
        ("text", 7),
        ("text", b"JFK"),
        ("text", ["JFK"]),
        ("boolean", 1),
        ("boolean", "true"),
        ("timestamp", "yesterday"),
        ("timestamp", 1_000_000),
        ("date", "2013-02-30"),
        ("date", 3),
    ],
)
def test_another_type_names_the_field(kind: str, value: Any) -> None:
    with pytest.raises(InvalidInput, match=f"'carrier' is .* which is no {kind}") as caught:
        key_of({"carrier": value}, ["carrier"], [kind])
    assert caught.value.field == "carrier"


@pytest.mark.parametrize(("kind", "value"), [("integer", 2**64), ("integer", -(2**70)), ("text", "\ud800")])
def test_what_no_key_can_hold_names_the_field(kind: str, value: Any) -> None:
    with pytest.raises(InvalidInput, match="cannot be a key") as caught:
        key_of({"carrier": value}, ["carrier"], [kind])
    assert caught.value.field == "carrier"


def test_an_absent_part_names_the_field() -> None:
    with pytest.raises(InvalidInput, match="'dest' is not given") as caught:
        key_of({"origin": "JFK"}, ["origin", "dest"], ["text", "text"])
    assert caught.value.field == "dest"


def test_the_order_of_parts_counts() -> None:
    row = {"a": "x", "b": "y"}
    assert key_of(row, ["a", "b"], ["text"] * 2) != key_of(row, ["b", "a"], ["text"] * 2)
    assert encode_key(["ab", "c"]) != encode_key(["a", "bc"])
