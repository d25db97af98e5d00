"""Each of the 28 points is earned by evidence, and lost with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from treadle.errors import InvalidInput, NotFound
from treadle.evidence import Evidence, Subject, Verdict
from treadle.readiness import Need, Readiness, Test
from treadle.readiness.rules import TESTS
from treadle.testing import Ground

Earn = Callable[[], dict[str, list[Evidence]]]
EACH = pytest.mark.parametrize("test", TESTS, ids=[test.id for test in TESTS])


def test_a_fresh_project_has_no_point(readiness: Readiness) -> None:
    score = readiness.score()
    assert (score.final, sum(score.sections.values())) == (0.0, 0.0)
    assert all(result.why and result.next for result in score.results)
    assert [maturity.reached for maturity in score.maturity] == [0, 0]


def test_all_the_evidence_earns_all_28(readiness: Readiness, earn: Earn) -> None:
    earn()
    score = readiness.score()
    assert score.sections == {"data": 7.0, "model": 7.0, "infrastructure": 7.0, "monitoring": 7.0}
    assert score.final == 7.0
    assert [maturity.reached for maturity in score.maturity] == [2, 4]
    assert all(result.kind == "automatic" and result.proofs and result.expires_at for result in score.results)


@EACH
def test_the_point_vanishes_with_its_evidence(ground: Ground, readiness: Readiness, earn: Earn, test: Test) -> None:
    """Deleting what proved a test takes exactly that point, and the ledger says that something was deleted."""
    earned = earn()
    assert readiness.score().result(test.id).points == 1.0
    for gone in earned[test.id]:
        ground.database.execute("DELETE FROM evidence WHERE project = :p AND id = :id", p=ground.project, id=gone.id)
    assert not ground.ledger.verify().ok
    again = Readiness(ground.ledger, project=ground.project, clock=ground.clock).score()
    assert (again.trusted, again.result(test.id).points, again.final) == (False, 0.0, 0.0)


@EACH
def test_without_its_evidence_only_that_point_is_missing(ground: Ground, readiness: Readiness, test: Test) -> None:
    from tests.unit.readiness.conftest import word

    for other in TESTS:
        if other != test:
            for need in other.needs:
                if not set(need.checks) & {name for one in test.needs for name in one.checks}:
                    word(ground, need)
    lost = readiness.score().result(test.id)
    assert (lost.points, lost.kind, lost.proofs) == (0.0, "none", ())
    assert lost.next == test.step
    assert "no evidence" in lost.why


@pytest.mark.parametrize(
    ("test", "need"),
    [(test, need) for test in TESTS for need in test.needs],
    ids=[f"{test.id}-{need.checks[0]}" for test in TESTS for need in test.needs],
)
def test_every_need_has_to_be_answered(ground: Ground, readiness: Readiness, test: Test, need: Need) -> None:
    from tests.unit.readiness.conftest import word

    for other in test.needs:
        if other != need:
            word(ground, other)
    assert readiness.score().result(test.id).points == 0.0
    word(ground, need)
    assert readiness.score().result(test.id).points == 1.0


@pytest.mark.parametrize(
    ("test", "check"), [(test, check) for test in TESTS for need in test.needs for check in need.checks[1:]]
)
def test_another_check_answers_as_well(ground: Ground, readiness: Readiness, test: Test, check: str) -> None:
    from tests.unit.readiness.conftest import word

    for need in test.needs:
        word(ground, need, check=check if check in need.checks else "")
    found = readiness.score().result(test.id)
    assert found.points == 1.0
    assert check in found.why


def test_the_checks_that_count_are_checks_there_are() -> None:
    """A check that were renamed would take its point with it, unseen."""
    asked = {name for test in TESTS for need in test.needs for name in need.checks}
    assert asked <= checks_there_are() | RECORDED


RECORDED = {"promotion", "refusal", "canary", "rollback_drill"}  # written down by what happens, not asked by a check


def checks_there_are() -> set[str]:
    import treadle as td
    from treadle.evaluation import Reproducible, standard_gates
    from treadle.loop.proving import project_checks
    from treadle.monitoring import standard_monitors
    from treadle.readiness.rubric import family
    from treadle.validation import standard_checks

    named = [*project_checks(), *standard_gates("binary"), *standard_monitors("binary"), *standard_checks()]
    named += [Reproducible(), td.checks.Slices("x"), td.checks.Fair("x")]
    return {family(check.name) for check in named}


@EACH
def test_every_point_links_to_evidence_there_is(ground: Ground, readiness: Readiness, earn: Earn, test: Test) -> None:
    earned = earn()
    result = readiness.score().result(test.id)
    assert {proof.evidence for proof in result.proofs} == {each.id for each in earned[test.id]}
    for proof in result.proofs:
        assert str(ground.ledger.get(proof.evidence).subject) == proof.subject


@EACH
def test_an_attestation_links_to_its_result_and_its_author(readiness: Readiness, test: Test) -> None:
    made = readiness.attest(test.id, link="https://example.org/minutes", note="We looked at it.", principal="ada")
    (proof,) = readiness.score().result(test.id).proofs
    assert (proof.evidence, proof.link, proof.principal) == (made.id, "https://example.org/minutes", "ada")


@EACH
def test_what_to_do_next_depends_on_whether_it_was_asked(ground: Ground, readiness: Readiness, test: Test) -> None:
    """Who never asked is told how to ask; who heard no, what to mend."""
    from tests.unit.readiness.conftest import word

    assert readiness.score().result(test.id).next == test.step
    for need in test.needs:
        word(ground, need, status="failed")
    asked = readiness.score().result(test.id)
    assert asked.next == ("" if asked.points else test.mend or test.step)


@EACH
def test_an_erased_word_proves_nothing(ground: Ground, readiness: Readiness, earn: Earn, test: Test) -> None:
    for gone in earn()[test.id]:
        ground.ledger.erase(gone.id, "It held a name.")
    assert readiness.score().result(test.id).points == 0.0
    assert ground.ledger.verify().ok


@EACH
def test_the_point_ages_away(ground: Ground, readiness: Readiness, earn: Earn, test: Test) -> None:
    earn()
    fresh = min(need.span for need in test.needs)
    ground.clock.advance(fresh)
    result = readiness.score().result(test.id)
    assert (result.points, result.age, result.expires_at) == (1.0, fresh, ground.clock.now())
    ground.clock.advance(timedelta(seconds=1))
    lost = readiness.score().result(test.id)
    assert (lost.points, lost.age) == (0.0, fresh + timedelta(seconds=1))
    assert "old and counts no more" in lost.why


@EACH
def test_tampering_is_seen(ground: Ground, readiness: Readiness, earn: Earn, test: Test) -> None:
    """A verdict changed behind the ledger's back fails `audit verify`, and then nothing counts."""
    changed = earn()[test.id][0]
    ground.database.execute(
        "UPDATE evidence SET status = 'failed' WHERE project = :p AND id = :id", p=ground.project, id=changed.id
    )
    assert [each.sequence for each in ground.ledger.verify().broken] == [changed.sequence]
    score = readiness.score()
    assert (score.trusted, score.final, score.result(test.id).points) == (False, 0.0, 0.0)
    assert score.result(test.id).next == "treadle audit verify"
    assert f"record {changed.sequence}" in score.broken[0]


@EACH
def test_a_check_asked_by_hand_earns_half(ground: Ground, readiness: Readiness, test: Test) -> None:
    from tests.unit.readiness.conftest import word

    for need in test.needs:
        word(ground, need, principal="ada")
    found = readiness.score().result(test.id)
    assert (found.points, found.kind) == (0.5, "by hand")


@EACH
def test_an_attestation_earns_half_until_it_expires(ground: Ground, readiness: Readiness, test: Test) -> None:
    made = readiness.attest(test.id, link="https://example.org/minutes", note="We looked at it.", principal="ada")
    found = readiness.score().result(test.id)
    assert (found.points, found.kind, found.expires_at) == (0.5, "attested", made.expires_at)
    assert "ada" in found.why
    assert "https://example.org/minutes" in found.why
    ground.clock.advance("90d")
    assert readiness.score().result(test.id).points == 0.0


@EACH
def test_what_fails_is_not_earned_unless_it_is_a_monitor(ground: Ground, readiness: Readiness, test: Test) -> None:
    from tests.unit.readiness.conftest import word

    for need in test.needs:
        word(ground, need, status="failed")
    expected = 0.0 if any(need.holds for need in test.needs) else 1.0
    assert readiness.score().result(test.id).points == expected


@EACH
def test_what_broke_or_was_skipped_earns_nothing(ground: Ground, readiness: Readiness, test: Test) -> None:
    from tests.unit.readiness.conftest import word

    for status in ("skipped", "error"):
        for need in test.needs:
            word(ground, need, status=status)
        assert readiness.score().result(test.id).points == 0.0


def test_an_attestation_never_lowers_a_point(readiness: Readiness, earn: Earn) -> None:
    earn()
    readiness.attest("data-1", link="https://example.org/x", note="Seen.", principal="ada")
    assert readiness.score().result("data-1").points == 1.0


def test_an_attestation_can_be_taken_back(ground: Ground, readiness: Readiness) -> None:
    readiness.attest("model-1", link="https://example.org/x", note="Reviewed.", principal="ada")
    readiness.withdraw("model-1", why="The reviewer was the author.", principal="bob")
    lost = readiness.score().result("model-1")
    assert lost.points == 0.0
    assert "withdrawn by bob" in lost.why
    assert len(ground.ledger.find(check="attested(model-1)")) == 2


@pytest.mark.parametrize(
    ("link", "note", "field"),
    [("", "Seen.", "link"), ("minutes.txt", "Seen.", "link"), ("javascript:alert(1)", "x", "link"),
     ("https://example.org", "  ", "note")],
)  # fmt: skip
def test_a_bad_attestation_is_refused(readiness: Readiness, link: str, note: str, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        readiness.attest("model-1", link=link, note=note, principal="ada")
    assert caught.value.field == field


def test_an_unknown_test_is_not_found(readiness: Readiness) -> None:
    with pytest.raises(NotFound, match="model-1"):
        readiness.attest("modl-1", link="https://example.org", note="x", principal="ada")


def test_the_version_in_service_decides(ground: Ground, readiness: Readiness) -> None:
    """A candidate that was refused for its slices takes no point from the champion, nor does it lend one."""
    one, two = Subject("model_version", "late@1"), Subject("model_version", "late@2")
    ground.ledger.record("slices(origin)", "candidate", one, Verdict("passed"), principal="treadle")
    ground.ledger.record("promotion", "release", one, Verdict("passed", detail={"alias": "champion"}))
    ground.ledger.record("slices(origin)", "candidate", two, Verdict("failed"), principal="treadle")
    assert readiness.score().result("model-6").points == 1.0
    ground.ledger.record("promotion", "release", two, Verdict("passed", detail={"alias": "champion"}))
    assert readiness.score().result("model-6").points == 0.0
    ground.ledger.record("rollback", "release", one, Verdict("passed", detail={"alias": "champion"}))
    assert readiness.score().result("model-6").points == 1.0


def test_what_must_hold_has_to_hold_of_every_loop(ground: Ground, readiness: Readiness) -> None:
    def say(loop: str, status: str) -> float:
        subject, verdict = Subject("loop", loop), Verdict(status, summary="So it is.")  # type: ignore[arg-type]
        ground.ledger.record("feature_benefit", "release", subject, verdict, principal="treadle")
        return readiness.score().result("data-2").points

    assert say("a", "failed") == 0
    assert say("b", "passed") == 0
    assert say("a", "passed") == 1
    assert say("b", "error") == 0
    ground.clock.advance("300d")  # a loop that is no more is forgotten with its evidence
    assert say("a", "passed") == 1


def test_what_claims_to_come_from_the_future_does_not_count(ground: Ground, readiness: Readiness, earn: Earn) -> None:
    earn()
    assert readiness.score(ground.clock.now() - timedelta(hours=1)).final == 0.0


def test_only_this_project_counts(ground: Ground, earn: Earn) -> None:
    from treadle.evidence import Ledger

    earn()
    other = Ledger(ground.database, "other", ground.clock, ground.ids)
    assert Readiness(other, project="other", clock=ground.clock).score().final == 0.0


def test_a_score_is_not_worked_out_from_more_than_it_needs(ground: Ground, readiness: Readiness, earn: Earn) -> None:
    """A ledger of ten thousand other records costs no more queries."""
    earn()
    with ground.database.transaction():
        for number in range(300):
            ground.ledger.record("drift", "live", Subject("endpoint", "late"), Verdict("passed", value=number))
    from treadle.readiness.gathering import NEWEST, gather

    found = gather(ground.ledger, TESTS)
    assert max(len(each) for each in found.by_family.values()) <= NEWEST
