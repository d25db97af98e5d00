"""Promotion, refusal and rollback against a real ledger."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from treadle.errors import Conflict, InvalidInput, NotFound, Refused
from treadle.evidence import Verdict

if TYPE_CHECKING:
    from tests.unit.registry.conftest import Bench

GATE = "at_least(roc_auc, 0.65)"


def test_a_version_that_passed_its_gates_becomes_champion(bench: Bench) -> None:
    version = bench.version()
    gate = bench.verdict(version, True)
    moved = bench.registry().promote("late", 1, why=" passed every gate ", principal="ada")
    assert (moved.from_version, moved.to_version, moved.who, moved.why) == (None, 1, "ada", "passed every gate")
    assert (moved.kind, moved.override, moved.at) == ("promotion", "", bench.ground.clock.now())
    (recorded,) = bench.about(version, "promotion")
    assert moved.evidence == (gate.id, recorded.id)
    assert recorded.principal == "ada"
    assert recorded.verdict.status == "passed"
    assert bench.registry().get("late").status == "champion"


def test_missing_evidence_refuses(bench: Bench) -> None:
    version = bench.version(gates=(GATE, "parity_holds"))
    bench.verdict(version, True)
    with pytest.raises(Refused) as caught:
        bench.registry().promote("late", 1, why="try", principal="ada")
    assert "parity_holds: there is no evidence" in str(caught.value)
    assert GATE not in str(caught.value)
    assert bench.registry().history("late") == []
    (refusal,) = bench.about(version, "promotion")
    assert refusal.verdict.status == "failed"
    assert refusal.verdict.detail["reasons"] == ["parity_holds: there is no evidence"]


def test_failed_evidence_refuses_and_newer_evidence_counts(bench: Bench) -> None:
    version = bench.version()
    bench.verdict(version, True)
    bench.verdict(version, False)
    with pytest.raises(Refused) as caught:
        bench.registry().promote("late", 1, why="try", principal="ada")
    assert f"{GATE}: it failed. As measured" in str(caught.value)
    bench.verdict(version, True)
    assert bench.registry().promote("late", 1, why="mended", principal="ada").to_version == 1


def test_a_blocking_check_nobody_required_counts_as_well(bench: Bench) -> None:
    version = bench.good(b"1")
    bench.verdict(version, False, "fairness")
    assert bench.registry().gates("late", 1).failed == ("fairness",)
    with pytest.raises(Refused):
        bench.registry().promote("late", 1, why="try", principal="ada")


def test_expired_evidence_is_no_evidence_for_a_new_promotion_but_unserves_nobody(bench: Bench) -> None:
    registry = bench.registry()
    first = bench.version(b"1")
    bench.verdict(first, True, expires="7d")
    registry.promote("late", 1, why="good", principal="ada")
    second = bench.version(b"2")
    bench.verdict(second, True, expires="1d")
    bench.ground.clock.advance(timedelta(days=30))
    assert registry.get("late").number == 1
    with pytest.raises(Refused, match="there is no evidence"):
        registry.promote("late", 2, why="late", principal="ada")


def test_evidence_of_another_version_does_not_count(bench: Bench) -> None:
    bench.good(b"1")
    bench.version(b"2")
    with pytest.raises(Refused):
        bench.registry().promote("late", 2, why="try", principal="ada")


def test_an_override_goes_on_record_with_its_reason(bench: Bench) -> None:
    version = bench.version()
    bench.verdict(version, False)
    moved = bench.registry().promote("late", 1, why="outage", principal="ada", override="the board decided")
    assert moved.override == "the board decided"
    (recorded,) = bench.about(version, "promotion")
    assert recorded.verdict.detail["override"] == "the board decided"
    assert "the board decided" in recorded.verdict.summary
    assert recorded.verdict.detail["reasons"] == [f"{GATE}: it failed. As measured"]


def test_an_override_that_was_not_needed_is_not_remembered(bench: Bench) -> None:
    bench.good(b"1")
    assert bench.registry().promote("late", 1, why="good", principal="ada", override="just in case").override == ""


@pytest.mark.parametrize(
    ("more", "field"),
    [({"why": "  "}, "why"), ({"why": "x", "override": " "}, "override"), ({"why": "x", "alias": "3"}, "alias"),
     ({"why": "x", "alias": "latest"}, "alias")],
)  # fmt: skip
def test_a_move_without_a_reason_or_to_an_odd_alias_is_refused(bench: Bench, more: dict[str, str], field: str) -> None:
    bench.good(b"1")
    with pytest.raises(InvalidInput) as caught:
        bench.registry().promote("late", 1, principal="ada", **more)
    assert caught.value.field == field


def test_promoting_the_champion_again_is_the_same_promotion(bench: Bench) -> None:
    version = bench.good(b"1")
    first = bench.registry().promote("late", 1, why="good", principal="ada")
    assert bench.registry().promote("late", "latest", why="again", principal="eve") == first
    assert len(bench.about(version, "promotion")) == 1


def test_an_earlier_refusal_does_not_stand_in_the_way(bench: Bench) -> None:
    version = bench.version()
    for _ in range(2):
        with pytest.raises(Refused):
            bench.registry().promote("late", 1, why="try", principal="ada")
    bench.verdict(version, True)
    assert bench.registry().promote("late", 1, why="now", principal="ada").to_version == 1


def test_the_former_champion_is_archived(bench: Bench) -> None:
    registry = bench.registry()
    for data in (b"1", b"2", b"3"):
        bench.good(data)
    registry.promote("late", 1, why="first", principal="ada")
    registry.promote("late", 2, why="second", principal="ada")
    assert [v.status for v in registry.versions("late")] == ["candidate", "champion", "archived"]


def test_each_environment_has_aliases_of_its_own(bench: Bench) -> None:
    bench.good(b"1")
    bench.registry("staging").promote("late", 1, why="good", principal="ada")
    assert bench.registry("staging").get("late").status == "champion"
    assert bench.registry("production").get("late", 1).status == "candidate"
    assert bench.registry("production").history("late") == []
    with pytest.raises(NotFound):
        bench.registry("production").get("late", "champion")


def test_one_version_may_have_several_aliases(bench: Bench) -> None:
    bench.good(b"1")
    for alias in ("champion", "challenger"):
        bench.registry().promote("late", 1, alias=alias, why="good", principal="ada")
    assert bench.registry().get("late", 1).aliases == ("challenger", "champion")
    assert [m.alias for m in bench.registry().history("late")] == ["challenger", "champion"]
    assert [m.alias for m in bench.registry().history("late", "champion")] == ["champion"]


def test_rollback_goes_back_and_remembers(bench: Bench) -> None:
    registry = bench.registry()
    for number, data in enumerate((b"1", b"2", b"3"), start=1):
        bench.good(data)
        registry.promote("late", number, why="newer", principal="ada")
    back = registry.rollback("late", why="complaints", principal="eve")
    assert (back.kind, back.from_version, back.to_version, back.who) == ("rollback", 3, 2, "eve")
    assert registry.rollback("late", why="still", principal="eve").to_version == 1
    with pytest.raises(Conflict, match="No earlier version"):
        registry.rollback("late", why="further", principal="eve")
    assert [(m.kind, m.to_version) for m in registry.history("late")][:2] == [("rollback", 1), ("rollback", 2)]
    assert bench.about(registry.get("late", 1), "rollback")[0].principal == "eve"


def test_rollback_does_not_ask_the_gates_again(bench: Bench) -> None:
    registry = bench.registry()
    first = bench.good(b"1")
    registry.promote("late", 1, why="first", principal="ada")
    bench.good(b"2")
    registry.promote("late", 2, why="second", principal="ada")
    bench.verdict(first, False)
    assert registry.rollback("late", why="crash", principal="ada").to_version == 1


def test_rollback_to_a_version_that_never_held_the_alias_is_a_promotion(bench: Bench) -> None:
    registry = bench.registry()
    for data in (b"1", b"2", b"3"):
        bench.good(data)
    registry.promote("late", 1, why="first", principal="ada")
    registry.promote("late", 3, why="third", principal="ada")
    with pytest.raises(Conflict, match="Promote it instead"):
        registry.rollback("late", to=2, why="x", principal="ada")
    assert registry.rollback("late", to=1, why="x", principal="ada").to_version == 1


def test_rollback_without_a_champion_has_nowhere_to_go(bench: Bench) -> None:
    bench.good(b"1")
    with pytest.raises(Conflict):
        bench.registry().rollback("late", why="x", principal="ada")


def test_a_refused_version_is_passed_over_and_never_promoted(bench: Bench) -> None:
    registry = bench.registry()
    for number, data in enumerate((b"1", b"2", b"3"), start=1):
        bench.good(data)
        registry.promote("late", number, why="newer", principal="ada")
    refused = registry.refuse("late", 2, "unfair to one carrier", principal="eve")
    assert (refused.status, refused.refused_why) == ("refused", "unfair to one carrier")
    assert registry.refuse("late", 2, "twice").refused_why == "unfair to one carrier"
    assert registry.rollback("late", why="bad", principal="ada").to_version == 1
    with pytest.raises(Refused, match="unfair to one carrier"):
        registry.promote("late", 2, why="try", principal="ada", override="please")


def test_what_is_served_cannot_be_refused(bench: Bench) -> None:
    bench.good(b"1")
    bench.registry().promote("late", 1, why="good", principal="ada")
    with pytest.raises(Conflict, match="Roll back first"):
        bench.registry().refuse("late", 1, "bad")


def test_the_ledger_stays_whole_through_all_of_it(bench: Bench) -> None:
    registry = bench.registry()
    for number, data in enumerate((b"1", b"2"), start=1):
        bench.good(data)
        registry.promote("late", number, why="newer", principal="ada")
    registry.rollback("late", why="bad", principal="ada")
    registry.refuse("late", 2, "bad")
    verified = bench.ground.ledger.verify()
    assert verified.ok
    assert verified.records == 6


def test_a_move_whose_hook_fails_did_not_happen(bench: Bench) -> None:
    class Broken:
        def on_promoted(self, promotion: object) -> None:
            raise RuntimeError("disk")

    bench.good(b"1")
    before = len(bench.ground.ledger.find())
    with pytest.raises(RuntimeError):
        bench.registry(hooks=(Broken(),)).promote("late", 1, why="good", principal="ada")
    assert bench.registry().get("late", 1).status == "candidate"
    assert len(bench.ground.ledger.find()) == before


def test_a_check_that_only_warns_stops_nothing(bench: Bench) -> None:
    version = bench.version(gates=(GATE, "calibrated"))
    bench.verdict(version, True)
    bench.ground.ledger.record("calibrated", "candidate", version.subject, Verdict.of(False), reaction="warn")
    assert bench.registry().judge("late", 1).allowed
