"""What lets a gate pass, case by case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.evidence import Decision, Evidence, Subject, Verdict, decide

NOW = datetime(2013, 4, 1, tzinfo=UTC)


def evidence(
    check: str,
    status: Any,
    reaction: Any = "block",
    *,
    sequence: int = 1,
    summary: str = "",
    expires: datetime | None = None,
) -> Evidence:
    return Evidence(
        id=f"e{sequence}",
        sequence=sequence,
        check=check,
        stage="candidate",
        subject=Subject("model_version", "m@1"),
        verdict=Verdict(status, summary=summary),
        recorded_at=NOW,
        business_at=NOW,
        principal="tester",
        execution=None,
        reaction=reaction,
        expires_at=expires,
        previous="",
        digest="",
    )


@pytest.mark.parametrize(
    ("status", "reaction", "expected"),
    [
        ("passed", "block", Decision(True, (), (), (), ())),
        ("passed", "warn", Decision(True, (), (), (), ())),
        ("failed", "block", Decision(False, (), ("a",), (), ("a: it failed. Why.",))),
        ("failed", "warn", Decision(True, (), (), ("a",), ("a: it failed, which warns. Why.",))),
        ("warned", "block", Decision(True, (), (), ("a",), ("a: it warned, which warns. Why.",))),
        ("warned", "warn", Decision(True, (), (), ("a",), ("a: it warned, which warns. Why.",))),
        ("error", "block", Decision(False, (), ("a",), (), ("a: the check itself broke. Why.",))),
        ("error", "warn", Decision(True, (), (), ("a",), ("a: the check itself broke. Why.",))),
        ("skipped", "block", Decision(False, ("a",), (), (), ("a: it was skipped. Why.",))),
        ("skipped", "warn", Decision(True, (), (), ("a",), ("a: it skipped, which warns. Why.",))),
    ],
)
def test_each_answer_of_a_required_check(status: str, reaction: str, expected: Decision) -> None:
    assert decide(["a"], [evidence("a", status, reaction, summary="Why.")]) == expected


def test_nothing_required_and_nothing_said_passes() -> None:
    assert decide([], []) == Decision(True, (), (), (), ())


def test_missing_evidence_never_passes() -> None:
    found = decide(["a", "b"], [evidence("a", "passed")])
    assert found == Decision(False, ("b",), (), (), ("b: there is no evidence.",))


def test_evidence_of_a_check_with_other_parameters_is_no_evidence() -> None:
    assert decide(["at_least(auc, 0.7)"], [evidence("at_least(auc, 0.6)", "passed")]).missing == ("at_least(auc, 0.7)",)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(("last", "passed"), [("passed", True), ("failed", False)])
def test_the_newest_answer_counts_however_they_are_handed_in(order: int, last: str, passed: bool) -> None:
    first = "failed" if last == "passed" else "passed"
    answers = [evidence("a", first, sequence=1), evidence("a", last, sequence=2)][::order]
    assert decide(["a"], answers).passed is passed


def test_a_no_that_nobody_required_blocks_too() -> None:
    assert decide(["a"], [evidence("a", "passed"), evidence("by_hand", "failed", sequence=2)]).failed == ("by_hand",)


@pytest.mark.parametrize(
    ("status", "reaction"), [("failed", "warn"), ("warned", "block"), ("skipped", "block"), ("passed", "block")]
)
def test_whatever_else_nobody_required_is_passed_over(status: str, reaction: str) -> None:
    found = decide(["a"], [evidence("a", "passed"), evidence("b", status, reaction, sequence=2)])
    assert found == Decision(True, (), (), (), ())


def test_a_check_required_twice_is_told_once() -> None:
    assert decide(["a", "a"], []).missing == ("a",)


def test_everything_is_told_in_the_order_it_was_required() -> None:
    answers = [
        evidence("c", "failed", sequence=1),
        evidence("a", "failed", "warn", sequence=2),
        evidence("b", "error", sequence=3),
    ]
    found = decide(["x", "c", "b", "a", "y"], answers)
    assert (found.missing, found.failed, found.warned) == (("x", "y"), ("c", "b"), ("a",))
    assert [reason.partition(":")[0] for reason in found.reasons] == ["x", "y", "c", "b", "a"]


def test_old_evidence_still_counts() -> None:
    assert decide(["a"], [evidence("a", "passed", expires=NOW)]).passed


@pytest.mark.parametrize(("age", "passed"), [(-1, True), (0, False), (1, False)])
def test_who_wants_fresh_evidence_does_not_take_expired(age: int, passed: bool) -> None:
    found = decide(["a"], [evidence("a", "passed", expires=NOW)], at=NOW + timedelta(seconds=age))
    assert found.passed is passed
    assert found.missing == (() if passed else ("a",))


def test_evidence_that_never_expires_is_always_fresh() -> None:
    assert decide(["a"], [evidence("a", "passed")], at=NOW + timedelta(days=10_000)).passed


STATUSES = st.sampled_from(["passed", "failed", "warned", "skipped", "error"])
ANSWERS = st.lists(st.tuples(st.sampled_from("abcd"), STATUSES, st.sampled_from(["block", "warn"])), max_size=8)


@given(st.lists(st.sampled_from("abcd"), max_size=4), ANSWERS)
def test_passing_means_that_every_required_check_answered_and_none_said_no(required: list[str], answers: Any) -> None:
    told = [evidence(name, status, reaction, sequence=n) for n, (name, status, reaction) in enumerate(answers)]
    newest = {one.check: one for one in told}
    found = decide(required, told)
    assert found.passed == (
        all(
            name in newest and (newest[name].verdict.status in ("passed", "warned") or newest[name].reaction == "warn")
            for name in required
        )
        and not any(one.blocks for one in newest.values())
    )
    groups = [*found.missing, *found.failed, *found.warned]
    assert len(groups) == len(set(groups)) == len(found.reasons)


@given(st.lists(st.sampled_from("abcd"), max_size=4), ANSWERS, st.sampled_from("abcd"))
def test_taking_evidence_away_never_turns_a_missing_check_into_a_pass(
    required: list[str], answers: Any, lost: str
) -> None:
    told = [evidence(name, status, reaction, sequence=n) for n, (name, status, reaction) in enumerate(answers)]
    assert not (lost in required and decide(required, [one for one in told if one.check != lost]).passed)
