"""What a question is asked of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.errors import InvalidInput
from treadle.evidence import Subject


@given(st.text(min_size=1).filter(lambda kind: ":" not in kind), st.text(min_size=1))
def test_a_subject_is_read_back_as_it_was_written(kind: str, name: str) -> None:
    assert Subject.parse(str(Subject(kind, name))) == Subject(kind, name)


@pytest.mark.parametrize(("text", "field"), [("", "kind"), (":x", "kind"), ("x", "id"), ("x:", "id")])
def test_half_a_subject_is_refused(text: str, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Subject.parse(text)
    assert caught.value.field == field


def test_a_kind_has_no_colon() -> None:
    with pytest.raises(InvalidInput):
        Subject("a:b", "c")
