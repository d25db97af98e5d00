"""The book of evidence, on both databases."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from treadle.errors import Cancelled, Conflict, Corrupt, Fenced, InvalidInput, NotFound, Refused
from treadle.evidence import Check, Evidence, Ledger, Stage, Subject, Verdict, decide
from treadle.testing import Ground

MODEL = Subject("model_version", "late@1")
OTHER = Subject("model_version", "late@2")


@dataclass(frozen=True)
class Asks(Check[Any]):
    """Does the context answer?"""

    stage: ClassVar[Stage] = "candidate"

    def run(self, context: Any) -> Verdict:
        return context()


def add(ground: Ground, check: str = "a", subject: Subject = MODEL, status: Any = "passed", **more: Any) -> Evidence:
    return ground.ledger.record(check, "candidate", subject, Verdict(status, summary="Said."), **more)


def test_what_is_recorded_is_what_is_found(ground: Ground) -> None:
    verdict = Verdict("failed", 1 / 3, 0.5, "Too low.", {"rows": [1, 2]})
    recorded = ground.ledger.record(
        "a", "live", MODEL, verdict, reaction="warn", execution="x1", expires="7d", principal="ada"
    )
    assert recorded == ground.ledger.get(recorded.id) == ground.ledger.find()[0]
    assert (recorded.check, recorded.stage, recorded.subject, recorded.verdict) == ("a", "live", MODEL, verdict)
    assert (recorded.reaction, recorded.execution, recorded.principal) == ("warn", "x1", "ada")
    assert recorded.business_at == ground.clock.now()
    assert recorded.recorded_at == ground.clock.wall()
    assert recorded.expires_at == ground.clock.now() + timedelta(days=7)
    assert (recorded.sequence, recorded.erased, recorded.blocks) == (1, False, False)


def test_evidence_knows_when_it_expires(ground: Ground) -> None:
    recorded = add(ground, expires="1h")
    assert not recorded.expired(ground.clock.now() + timedelta(minutes=59))
    assert recorded.expired(ground.clock.now() + timedelta(hours=1))
    assert not add(ground).expired(ground.clock.now() + timedelta(days=9999))


def test_records_follow_each_other(ground: Ground) -> None:
    first, second = add(ground), add(ground)
    assert (first.sequence, second.sequence) == (1, 2)
    assert second.previous == first.digest
    assert ground.ledger.verify() == replace(ground.ledger.verify(), ok=True, records=2, broken=[])


def test_the_ledger_speaks_for_its_principal(ground: Ground) -> None:
    assert add(ground).principal == "tester"


def test_each_project_has_a_book_of_its_own(ground: Ground) -> None:
    other = Ledger(ground.database, f"{ground.project}-other", ground.clock, ground.ids)
    add(ground)
    theirs = other.record("a", "data", MODEL, Verdict("passed"))
    assert theirs.sequence == 1
    assert theirs.principal == "system"
    assert len(ground.ledger.find()) == len(other.find()) == 1
    assert ground.ledger.verify().ok
    assert other.verify().ok
    with pytest.raises(NotFound):
        ground.ledger.get(theirs.id)


# Asking


def test_asking_records_the_answer(ground: Ground) -> None:
    found = ground.ledger.run(Asks(), MODEL, lambda: Verdict.of(False, value=0.1, threshold=0.2), execution="x")
    assert (found.check, found.stage, found.reaction, found.execution) == ("asks", "candidate", "block", "x")
    assert found.verdict == Verdict("failed", 0.1, 0.2)
    assert found.blocks


def test_a_check_that_raises_is_recorded_as_broken(ground: Ground) -> None:
    found = ground.ledger.run(Asks(), MODEL, lambda: Verdict.of(bool(1 / 0)))
    assert found.verdict.status == "error"
    assert found.verdict.summary == "ZeroDivisionError: division by zero"
    assert found.verdict.detail["error"] == "ZeroDivisionError"
    assert "test_ledger.py:" in found.verdict.detail["where"]
    assert found.blocks


def _raise(error: Exception) -> Any:
    raise error


def test_a_refusal_in_a_check_is_told_with_its_mend(ground: Ground) -> None:
    found = ground.ledger.run(Asks(reaction="warn"), MODEL, lambda: _raise(Refused("No.", mend="Do this.")))
    assert found.verdict.summary == "No. Do this."
    assert not found.blocks


def test_an_answer_that_is_no_verdict_is_an_error(ground: Ground) -> None:
    found = ground.ledger.run(Asks(), MODEL, lambda: True)
    assert found.verdict == Verdict("error", summary="The check returned bool instead of a Verdict.")


def test_an_answer_that_cannot_be_written_is_an_error(ground: Ground) -> None:
    found = ground.ledger.run(Asks(), MODEL, lambda: Verdict.of(True, it=object()))
    assert found.verdict.status == "error"
    assert "cannot be written down" in found.verdict.summary
    assert len(ground.ledger.find()) == 1
    assert ground.ledger.verify().ok


@pytest.mark.parametrize("error", [Cancelled("stop"), Fenced("passed on"), KeyboardInterrupt()])
def test_being_stopped_is_no_answer(ground: Ground, error: BaseException) -> None:
    with pytest.raises(type(error)):
        ground.ledger.run(Asks(), MODEL, lambda: _raise(error))  # type: ignore[arg-type]
    assert ground.ledger.find() == []


# Finding


@pytest.fixture
def many(ground: Ground) -> Ground:
    for number in range(6):
        ground.clock.advance("1h")
        check, subject = "ab"[number % 2], (MODEL, OTHER)[number // 3]
        status = ("passed", "failed", "warned")[number % 3]
        ground.ledger.record(check, "live" if number == 5 else "data", subject, Verdict(status), execution=f"x{number}")
    return ground


@pytest.mark.parametrize(
    ("wanted", "sequences"),
    [
        ({}, [6, 5, 4, 3, 2, 1]),
        ({"newest_first": False}, [1, 2, 3, 4, 5, 6]),
        ({"limit": 2}, [6, 5]),
        ({"limit": 2, "before": 5}, [4, 3]),
        ({"limit": 2, "newest_first": False}, [1, 2]),
        ({"subject": MODEL}, [3, 2, 1]),
        ({"subject_kind": "model_version", "limit": 1}, [6]),
        ({"subject_kind": "endpoint"}, []),
        ({"check": "a"}, [5, 3, 1]),
        ({"stage": "live"}, [6]),
        ({"status": "failed"}, [5, 2]),
        ({"status": ["failed", "warned"]}, [6, 5, 3, 2]),
        ({"status": []}, []),
        ({"execution": "x3"}, [4]),
        ({"subject": OTHER, "check": "b", "status": "passed"}, [4]),
        ({"check": "no' OR '1' = '1"}, []),
    ],
)
def test_finding_by_everything(many: Ground, wanted: dict[str, Any], sequences: list[int]) -> None:
    assert [found.sequence for found in many.ledger.find(**wanted)] == sequences


def test_finding_since_a_business_time(many: Ground) -> None:
    now = many.clock.now()
    assert [found.sequence for found in many.ledger.find(since=now - timedelta(hours=1))] == [6, 5]
    assert many.ledger.find(since=now + timedelta(microseconds=1)) == []


@pytest.mark.parametrize("limit", [0, -1])
def test_finding_nothing_on_purpose_is_refused(ground: Ground, limit: int) -> None:
    with pytest.raises(InvalidInput) as caught:
        ground.ledger.find(limit=limit)
    assert caught.value.field == "limit"


def test_the_latest_evidence_is_one_for_each_check(ground: Ground) -> None:
    for check, subject, status in [
        ("a", MODEL, "failed"),
        ("b", MODEL, "passed"),
        ("a", OTHER, "failed"),
        ("a", MODEL, "passed"),
    ]:
        add(ground, check, subject, status)
    assert [(found.check, found.sequence) for found in ground.ledger.latest(MODEL)] == [("b", 2), ("a", 4)]
    assert decide(["a", "b"], ground.ledger.latest(MODEL)).passed
    assert not decide(["a", "b"], ground.ledger.latest(OTHER)).passed
    assert ground.ledger.latest(Subject("endpoint", "late@1")) == []


def test_a_record_that_is_not_there_is_not_found(ground: Ground) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        ground.ledger.get("nowhere")


# Refusing


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"stage": "later"}, "stage"),
        ({"reaction": "explode"}, "reaction"),
        ({"check_name": ""}, "check"),
        ({"expires": "soon"}, "expires"),
        ({"expires": timedelta(0)}, "expires"),
    ],
)
def test_bad_evidence_is_refused_and_leaves_nothing(ground: Ground, wrong: dict[str, Any], field: str) -> None:
    given = {"check_name": "a", "stage": "data", **wrong}
    with pytest.raises(InvalidInput) as caught:
        ground.ledger.record(subject=MODEL, verdict=Verdict("passed"), **given)
    assert caught.value.field == field
    assert ground.ledger.find() == []
    assert ground.ledger.verify().records == 0


# One change with what it is evidence of


def test_evidence_falls_with_the_transaction_it_joined(ground: Ground) -> None:
    add(ground)
    with pytest.raises(Refused), ground.database.transaction():  # noqa: PT012
        add(ground, "b")
        raise Refused("No.")
    assert [found.check for found in ground.ledger.find()] == ["a"]
    assert add(ground, "c").sequence == 2
    assert ground.ledger.verify().ok


def test_evidence_that_could_not_be_written_does_not_break_the_chain(ground: Ground) -> None:
    first = add(ground)
    ground.ids.made -= 1  # the same id again
    with ground.database.transaction():
        with pytest.raises(Conflict):
            add(ground, "b")
        add(ground, "c")
    assert [(found.check, found.sequence) for found in ground.ledger.find()] == [("c", 2), ("a", 1)]
    assert ground.ledger.find()[0].previous == first.digest
    assert ground.ledger.verify().ok


# Tampering, in the database itself


COLUMNS = {
    "sequence": 77,
    "id": "'forged'",
    "check_name": "'forged'",
    "stage": "'live'",
    "subject_kind": "'endpoint'",
    "subject_id": "'forged'",
    "status": "'passed'",
    "value": 0.99,
    "threshold": 0.01,
    "reaction": "'warn'",
    "recorded_at": 1,
    "business_at": 1,
    "principal": "'forged'",
    "execution": "'forged'",
    "expires_at": 1,
    "body": "'forged'",
    "previous": "'forged'",
    "digest": "'forged'",
}


@pytest.fixture
def book(ground: Ground) -> Ground:
    for number in range(5):
        ground.ledger.record("a", "data", MODEL, Verdict("failed", number / 7, 0.5, f"Said {number}."))
    return ground


def change(ground: Ground, sql: str) -> None:
    assert ground.database.execute(f"{sql} AND project = :project", project=ground.project) == 1


@pytest.mark.parametrize("column", sorted(COLUMNS))
@pytest.mark.parametrize("sequence", [1, 3, 5])
def test_every_changed_column_is_found(book: Ground, column: str, sequence: int) -> None:
    change(book, f"UPDATE evidence SET {column} = {COLUMNS[column]} WHERE sequence = {sequence}")
    assert not book.ledger.verify().ok


def test_every_column_is_under_the_digest(book: Ground) -> None:
    row = book.database.one("SELECT * FROM evidence WHERE project = :project LIMIT 1", project=book.project)
    assert row is not None
    assert set(row) - {"project"} == set(COLUMNS)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE evidence_bodies SET body = '{}' WHERE evidence = '{id}'",
        "UPDATE evidence_bodies SET salt = 'x' WHERE evidence = '{id}'",
        "DELETE FROM evidence_bodies WHERE evidence = '{id}'",
        "DELETE FROM evidence WHERE id = '{id}'",
        "UPDATE evidence_heads SET sequence = 4 WHERE 1 = 1",
        "UPDATE evidence_heads SET digest = 'x' WHERE 1 = 1",
        "DELETE FROM evidence_heads WHERE 1 = 1",
    ],
)
def test_changing_bodies_heads_or_removing_records_is_found(book: Ground, sql: str) -> None:
    change(book, sql.replace("{id}", book.ledger.find()[2].id))
    assert not book.ledger.verify().ok


def cut(ground: Ground, keep: int) -> None:
    """What a careful forger does: take the end off, and mend the head."""
    last = next(found for found in ground.ledger.find() if found.sequence == keep)
    named = {"project": ground.project, "keep": keep, "digest": last.digest}
    ground.database.execute("DELETE FROM evidence WHERE project = :project AND sequence > :keep", named)
    ground.database.execute(
        "UPDATE evidence_heads SET sequence = :keep, digest = :digest WHERE project = :project", named
    )


def test_a_checkpoint_finds_a_book_that_was_cut_short(book: Ground) -> None:
    early = book.ledger.checkpoint()
    add(book)
    late = book.ledger.checkpoint()
    assert book.ledger.verify(anchor=late).ok
    cut(book, keep=5)
    assert book.ledger.verify().ok
    assert book.ledger.verify(anchor=early).ok
    assert [found.sequence for found in book.ledger.verify(anchor=late).broken] == [6]


def test_a_checkpoint_finds_a_book_that_was_written_anew(book: Ground) -> None:
    anchor = book.ledger.checkpoint()
    cut(book, keep=4)
    add(book, "better")
    assert book.ledger.verify().ok
    assert not book.ledger.verify(anchor=anchor).ok


def test_a_checkpoint_of_an_empty_book(ground: Ground) -> None:
    anchor = ground.ledger.checkpoint()
    assert anchor.sequence == 0
    add(ground)
    assert ground.ledger.verify(anchor=anchor).ok


def test_a_checkpoint_of_another_project_is_refused(ground: Ground) -> None:
    with pytest.raises(InvalidInput) as caught:
        ground.ledger.verify(anchor=replace(ground.ledger.checkpoint(), project="q"))
    assert caught.value.field == "anchor"


def test_a_long_book_is_verified_through(ground: Ground) -> None:
    with ground.database.transaction():
        for _ in range(1001):
            add(ground)
    assert ground.ledger.verify().records == 1001
    change(ground, "UPDATE evidence SET status = 'failed' WHERE sequence = 1001")
    assert [found.sequence for found in ground.ledger.verify().broken] == [1001]


def test_a_record_that_was_changed_beyond_reading_says_so(book: Ground) -> None:
    change(book, "UPDATE evidence SET status = 'splendid' WHERE sequence = 2")
    with pytest.raises(Corrupt, match="Record 2"):
        book.ledger.find()
    assert not book.ledger.verify().ok


# Erasing


def test_erasing_takes_the_body_and_leaves_the_chain(book: Ground) -> None:
    anchor, target = book.ledger.checkpoint(), book.ledger.find()[2]
    act = book.ledger.erase(target.id, "She asked for it.", principal="dpo")
    assert (act.check, act.subject, act.principal) == ("erasure", Subject("evidence", target.id), "dpo")
    assert act.verdict.summary == "She asked for it."
    assert not act.blocks
    left = book.ledger.get(target.id)
    assert left == replace(
        target, erased=True, verdict=Verdict("failed", target.verdict.value, 0.5, "This was erased.")
    )
    rows = book.database.read("SELECT body FROM evidence_bodies WHERE project = :project", project=book.project)
    assert not any("Said 2" in row["body"] for row in rows)
    assert book.ledger.verify(anchor=anchor).ok


def test_an_erased_answer_still_blocks(book: Ground) -> None:
    book.ledger.erase(book.ledger.find()[0].id, "Asked for.")
    assert not decide(["a"], book.ledger.latest(MODEL)).passed


@pytest.mark.parametrize("why", ["", "  "])
def test_an_erasure_needs_a_reason(book: Ground, why: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        book.ledger.erase(book.ledger.find()[0].id, why)
    assert caught.value.field == "why"


def test_erasing_twice_or_nothing_is_refused(book: Ground) -> None:
    target = book.ledger.find()[0].id
    book.ledger.erase(target, "Asked for.")
    with pytest.raises(Conflict):
        book.ledger.erase(target, "Asked for again.")
    with pytest.raises(NotFound):
        book.ledger.erase("nowhere", "Asked for.")
    assert len(book.ledger.find()) == 6


def test_a_body_is_hidden_by_salt(ground: Ground) -> None:
    """Equal words of two records cannot be matched by their digests once one is erased."""
    first, second = add(ground), add(ground)
    rows = ground.database.read("SELECT body FROM evidence WHERE project = :project", project=ground.project)
    assert len({row["body"] for row in rows}) == 2
    assert first.verdict == second.verdict


# Values


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    value=st.none() | st.floats(),
    threshold=st.none() | st.floats(),
    words=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1),
)
def test_any_values_keep_the_chain_whole(ground: Ground, value: Any, threshold: Any, words: str) -> None:
    verdict = Verdict("failed", value, threshold, words, {"words": words})
    recorded = ground.ledger.record(words, "data", Subject("k", words), verdict, execution=words, principal=words)
    found = ground.ledger.get(recorded.id)
    assert found == recorded
    assert found.verdict.value is None or math.isfinite(found.verdict.value)
    assert ground.ledger.verify().broken == []


def test_the_names_of_checks_are_each_told_once(ground: Ground) -> None:
    for name in ("slices(b)", "slices(a)", "drift", "slices(a)"):
        ground.ledger.record(name, "live", Subject("endpoint", "late"), Verdict("passed"))
    assert ground.ledger.checks() == ["drift", "slices(a)", "slices(b)"]
    assert Ledger(ground.database, "other", ground.clock, ground.ids).checks() == []


def test_who_acts_says_what_is_recorded(ground: Ground) -> None:
    def said(**more: Any) -> str:
        return ground.ledger.record("drift", "live", Subject("endpoint", "late"), Verdict("passed"), **more).principal

    with ground.ledger.acting("treadle"):
        assert (said(), said(principal="ada"), ground.ledger.principal) == ("treadle", "ada", "treadle")
    assert said() == "tester"
