"""Who may do what, case by case."""

from __future__ import annotations

from typing import Any

import pytest

from treadle.access import Decision, decide

TABLE = {
    "viewer": {"read"},
    "editor": {"read", "log", "run"},
    "approver": {"read", "log", "run", "promote"},
    "admin": {"read", "log", "run", "promote", "erase", "administer"},
}


@pytest.mark.parametrize("role", TABLE)
@pytest.mark.parametrize("action", sorted(TABLE["admin"]))
def test_the_whole_policy(role: Any, action: Any) -> None:
    decision = decide(role, action)
    assert decision.allowed is (action in TABLE[role])
    assert bool(decision.reason) is not decision.allowed


@pytest.mark.parametrize(("role", "action"), [("admin", "fly"), ("king", "read"), ("", ""), ("Admin", "read")])
def test_what_is_not_known_may_nothing(role: Any, action: Any) -> None:
    assert decide(role, action) == Decision(False, f"Nobody may {action} as {role}: that is not known here.")


def test_a_no_says_what_it_takes() -> None:
    assert decide("viewer", "erase") == Decision(False, "To erase takes the role admin; this is viewer.")
    assert decide("viewer", "read") == Decision(True, "")
