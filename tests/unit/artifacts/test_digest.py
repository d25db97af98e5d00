"""Names of bytes."""

from __future__ import annotations

import pytest

from treadle.artifacts import digest_of
from treadle.artifacts.digest import checked
from treadle.errors import InvalidInput

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_the_digest_is_sha256() -> None:
    assert digest_of(b"") == EMPTY
    assert checked(EMPTY) == EMPTY


@pytest.mark.parametrize(
    "wrong", ["", "abc", EMPTY.upper(), EMPTY[:-1], EMPTY + "0", EMPTY[:-1] + "g", "../" * 21 + "x"]
)
def test_nothing_else_is_a_digest(wrong: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        checked(wrong)
    assert caught.value.field == "digest"
