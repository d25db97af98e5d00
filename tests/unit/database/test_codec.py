"""JSON columns."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.database import from_json, to_json

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(PLAIN)
def test_plain_values_come_back(value: Any) -> None:
    assert from_json(to_json(value)) == value


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 9)))
def test_equal_values_have_equal_text(value: dict[str, int]) -> None:
    assert to_json(dict(reversed(value.items()))) == to_json(value)


@pytest.mark.parametrize(("text", "value"), [(None, None), ("null", None), (b"[1]", [1])])
def test_nothing_is_nothing(text: Any, value: Any) -> None:
    assert from_json(text) == value
