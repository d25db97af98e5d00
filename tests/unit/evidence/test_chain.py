"""No change to the book goes unseen."""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.evidence.chain import ERASED_KIND, ERASURE, Break, Walk, genesis, link, seal

Record = list[Any]  # header, digest, (salt, body) or None


def book(count: int, project: str = "p") -> list[Record]:
    """A sound chain of `count` records."""
    records: list[Record] = []
    previous = genesis(project)
    for number in range(1, count + 1):
        salt, body = f"salt{number}", f'{{"summary":"said {number}"}}'
        header = {
            "project": project,
            "sequence": number,
            "id": f"e{number}",
            "check": f"check{number % 3}",
            "stage": "data",
            "subject_kind": "dataset_version",
            "subject_id": f"flights@{number}",
            "status": "passed",
            "value": number / 3,
            "threshold": None,
            "reaction": "block",
            "recorded_at": 1_000_000 * number,
            "business_at": 1_000_000 * number,
            "principal": "ada",
            "execution": None,
            "expires_at": None,
            "body": seal(salt, body),
            "previous": previous,
        }
        previous = link(header)
        records.append([header, previous, (salt, body)])
    return records


def end(records: list[Record], project: str = "p") -> tuple[int, str]:
    return (records[-1][0]["sequence"], records[-1][1]) if records else (0, genesis(project))


def broken(records: list[Record], head: tuple[int, str] | None = None, **anchors: str) -> list[Break]:
    walk = Walk("p", {int(name[1:]): digest for name, digest in anchors.items()})
    for header, digest, body in records:
        walk.step(header, digest, body)
    found = walk.finish(head if head is not None else end(records))
    assert found.ok == (not found.broken)
    assert found.records == len(records)
    return found.broken


def relink(records: list[Record], start: int) -> None:
    """Forge: make everything from record `start` on follow from what stands before it."""
    for number in range(start, len(records)):
        previous = records[number - 1][1] if number else genesis("p")
        records[number][0]["previous"] = previous
        records[number][1] = link(records[number][0])


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_a_sound_book_is_sound(count: int) -> None:
    assert broken(book(count)) == []


def test_an_empty_book_needs_no_head() -> None:
    assert Walk("p").finish(None).ok


def test_a_digest_can_be_recomputed_by_anybody() -> None:
    header = {"b": 1.5, "a": "č", "c": None}
    assert link(header) == hashlib.sha256('{"a":"č","b":1.5,"c":null}'.encode()).hexdigest()
    assert seal("x", "y") == hashlib.sha256(b"x\ny").hexdigest()
    assert genesis("p") == hashlib.sha256(b"treadle evidence 1\np").hexdigest()


@given(st.data())
def test_any_changed_value_of_a_header_is_found(data: st.DataObject) -> None:
    records = book(data.draw(st.integers(1, 8)))
    place = data.draw(st.integers(0, len(records) - 1))
    header = records[place][0]
    name = data.draw(st.sampled_from(sorted(header)))
    old = header[name]
    new = data.draw(
        st.one_of(st.none(), st.integers(), st.floats(allow_nan=False), st.text()).filter(lambda v: _other(old, v))
    )
    header[name] = new
    assert broken(records, end(book(len(records))))


@given(st.data())
def test_any_changed_body_or_salt_is_found(data: st.DataObject) -> None:
    records = book(data.draw(st.integers(1, 6)))
    place = data.draw(st.integers(0, len(records) - 1))
    salt, body = records[place][2]
    new = data.draw(st.text())
    changed = data.draw(st.sampled_from(["salt", "body"]))
    if new in (salt, body):
        return
    records[place][2] = (new, body) if changed == "salt" else (salt, new)
    assert broken(records) == [Break(place + 1, f"e{place + 1}", "its body was changed after it was written")]


@given(st.data())
def test_any_new_order_is_found(data: st.DataObject) -> None:
    records = book(data.draw(st.integers(2, 7)))
    order = data.draw(st.permutations(range(len(records))).filter(lambda o: list(o) != sorted(o)))
    assert broken([records[n] for n in order], end(records))


@given(st.data())
def test_any_removed_record_is_found(data: st.DataObject) -> None:
    records = book(data.draw(st.integers(1, 7)))
    lost = data.draw(st.sets(st.integers(0, len(records) - 1), min_size=1))
    assert broken([record for n, record in enumerate(records) if n not in lost], end(records))


@given(st.integers(1, 6), st.data())
def test_any_doubled_record_is_found(count: int, data: st.DataObject) -> None:
    records = book(count)
    place = data.draw(st.integers(0, count - 1))
    records.insert(data.draw(st.integers(0, count)), copy.deepcopy(records[place]))
    assert broken(records, end(book(count)))


@given(st.integers(2, 7), st.data())
def test_a_record_that_is_replaced_with_a_proper_link_of_its_own_is_found(count: int, data: st.DataObject) -> None:
    records = book(count)
    place = data.draw(st.integers(0, count - 2))
    records[place][0]["status"] = "failed"
    records[place][1] = link(records[place][0])
    assert broken(records) == [Break(place + 2, f"e{place + 2}", "it does not follow the record before it")]


def test_a_record_of_another_project_does_not_fit() -> None:
    assert broken(book(1, "q"), end(book(1, "q")))[0].problem == "it does not follow the record before it"


@given(st.integers(1, 7), st.integers(1, 7))
def test_cutting_the_end_off_is_found_by_the_head(count: int, cut: int) -> None:
    records = book(count)
    assert broken(records[: max(0, count - cut)], end(records))


@pytest.mark.parametrize("head", [(4, "x"), (3, "x"), (0, "")])
def test_a_head_that_points_elsewhere_is_found(head: tuple[int, str]) -> None:
    assert [found.problem for found in broken(book(3), head)] == [
        "the ledger does not end where it says it ends: records were cut off or added"
    ]


@given(st.integers(1, 7), st.data())
def test_an_anchor_finds_what_was_cut_off_together_with_the_head(count: int, data: st.DataObject) -> None:
    records = book(count)
    left = records[: data.draw(st.integers(0, count - 1))]
    assert broken(left) == []  # nothing inside the book can tell
    found = broken(left, **{f"s{count}": records[-1][1]})
    assert found == [Break(count, "", "the record of the checkpoint is not there: the ledger was cut short")]


@given(st.integers(1, 7), st.data())
def test_an_anchor_finds_a_book_that_was_forged_throughout(count: int, data: st.DataObject) -> None:
    records = book(count)
    anchor = data.draw(st.integers(1, count))
    known = records[anchor - 1][1]
    place = data.draw(st.integers(0, anchor - 1))
    records[place][0]["status"] = "failed"
    relink(records, place)
    assert broken(records) == []
    found = broken(records, **{f"s{anchor}": known})
    assert found == [Break(anchor, f"e{anchor}", "it is not the record that the checkpoint saw")]


def test_an_anchor_allows_what_was_added_since() -> None:
    records = book(5)
    assert broken(records, s3=records[2][1], s5=records[4][1]) == []


def test_an_anchor_of_an_empty_book_allows_everything_since() -> None:
    assert broken(book(2), s0=genesis("p")) == []
    assert broken(book(2), s0=genesis("q")) == [Break(0, "", "the checkpoint belongs to another ledger")]


def test_a_body_that_vanished_is_found_unless_its_erasure_was_recorded() -> None:
    records = book(3)
    records[1][2] = None
    assert broken(records) == [Break(2, "e2", "its body is gone and no erasure of it was recorded")]
    records[2][0] |= {"check": ERASURE, "subject_kind": ERASED_KIND, "subject_id": "e2"}
    relink(records, 2)
    assert broken(records) == []


@pytest.mark.parametrize("wrong", [{"check": "other"}, {"subject_kind": "dataset_version"}, {"subject_id": "e1"}])
def test_only_an_erasure_of_that_very_record_excuses_it(wrong: dict[str, str]) -> None:
    records = book(3)
    records[1][2] = None
    records[2][0] |= {"check": ERASURE, "subject_kind": ERASED_KIND, "subject_id": "e2", **wrong}
    relink(records, 2)
    assert [found.sequence for found in broken(records)] == [2]


@pytest.mark.parametrize(
    ("number", "name", "value", "problem"),
    [
        (2, "status", "failed", "it was changed after it was written"),
        (2, "value", float("nan"), "it was changed after it was written"),
        (2, "principal", b"bytes", "it was changed after it was written"),
    ],
)
def test_damage_is_told_with_its_place(number: int, name: str, value: object, problem: str) -> None:
    records = book(3)
    records[number - 1][0][name] = value
    assert broken(records) == [Break(number, f"e{number}", problem)]


def test_a_gap_is_told_with_its_place() -> None:
    records = book(4)
    assert broken([records[0], *records[2:]]) == [
        Break(3, "e3", "it follows record 1: records are missing, doubled or moved"),
        Break(3, "e3", "it does not follow the record before it"),
    ]


def _other(old: object, new: object) -> bool:
    return json.dumps(old) != json.dumps(new)
