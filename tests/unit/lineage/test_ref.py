"""Names of things."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.errors import InvalidInput
from treadle.lineage import Ref


@given(st.text(min_size=1).filter(lambda kind: ":" not in kind), st.text(min_size=1))
def test_a_reference_is_read_back_as_it_was_written(kind: str, name: str) -> None:
    assert Ref.parse(str(Ref(kind, name))) == Ref(kind, name)


@pytest.mark.parametrize("text", ["", ":", "kind", "kind:", ":id"])
def test_half_a_reference_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Ref.parse(text)
    assert caught.value.field == "ref"


def test_references_have_an_order() -> None:
    assert sorted([Ref("run", "b"), Ref("run", "a"), Ref("artifact", "z")]) == [
        Ref("artifact", "z"),
        Ref("run", "a"),
        Ref("run", "b"),
    ]
