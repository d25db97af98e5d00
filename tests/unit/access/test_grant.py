"""What a token gives."""

from __future__ import annotations

from typing import Any

import pytest

from treadle.access import Grant, Principal
from treadle.errors import Forbidden


@pytest.mark.parametrize(
    ("held", "asked", "allowed"),
    [
        (None, None, True),
        (None, "production", True),
        ("staging", None, True),
        ("staging", "staging", True),
        ("staging", "production", False),
        ("production", "development", False),
    ],
)
def test_a_grant_stays_in_its_environment(held: Any, asked: Any, allowed: bool) -> None:
    grant = Grant("p", Principal("ada"), "approver", held)
    assert grant.decide("promote", asked).allowed is allowed


def test_a_grant_is_no_more_than_its_role() -> None:
    grant = Grant("p", Principal("ada"), "viewer")
    grant.require("read")
    with pytest.raises(Forbidden, match="To run takes the role editor; this is viewer") as caught:
        grant.require("run")
    assert caught.value.mend


def test_a_refusal_names_the_environment() -> None:
    with pytest.raises(Forbidden, match="This token is for staging, not for production"):
        Grant("p", Principal("ada"), "admin", "staging").require("promote", "production")
