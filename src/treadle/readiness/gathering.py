"""The evidence the 28 tests ask for: a bounded number of bounded queries, however long the ledger is."""

from __future__ import annotations

from collections.abc import Iterable

from treadle.evidence import Evidence, Ledger, Subject
from treadle.readiness.judging import ATTESTED, Found
from treadle.readiness.rubric import Test, family

NEWEST = 40  # of each check
MODELS = 200  # moves of aliases that are looked back at
NAMES = 400  # checks, with their parameters, that are looked at


def gather(ledger: Ledger, tests: Iterable[Test]) -> Found:
    """The newest words of every check that some test asks for, and all about the versions in service."""
    asked = {check for test in tests for need in test.needs for check in need.checks} | {ATTESTED}
    names = [name for name in ledger.checks() if family(name) in asked][:NAMES]
    served = in_service(ledger)
    found: dict[str, Evidence] = {}
    for name in names:
        found |= {each.id: each for each in ledger.find(check=name, limit=NEWEST)}
    for subject in served:
        found |= {each.id: each for each in ledger.latest(subject) if family(each.check) in asked}
    by_family: dict[str, list[Evidence]] = {}
    for each in sorted(found.values(), key=lambda one: -one.sequence):
        by_family.setdefault(family(each.check), []).append(each)
    return Found(by_family, frozenset(map(str, served)))


def in_service(ledger: Ledger) -> list[Subject]:
    """The version of each model that was last made champion, as the ledger tells it."""
    moves = [
        each
        for check in ("promotion", "rollback")
        for each in ledger.find(check=check, status="passed", limit=MODELS)
        if each.verdict.detail.get("alias") == "champion"
    ]
    newest: dict[str, Subject] = {}
    for move in sorted(moves, key=lambda each: -each.sequence):
        newest.setdefault(move.subject.id.rpartition("@")[0], move.subject)
    return list(newest.values())
