"""The room's verbs: score, attest, withdraw."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from treadle.clock import Clock
from treadle.evidence import Evidence, Ledger, Verification
from treadle.readiness import attestation
from treadle.readiness.gathering import gather
from treadle.readiness.judging import Found, judge
from treadle.readiness.levels import stand
from treadle.readiness.rules import TESTS
from treadle.readiness.score import UNTRUSTED, Result, Score

_VERIFIED_FOR = 60.0  # seconds for which a verified chain whose head did not move is not walked again


@dataclass
class _Seen:
    """What was gathered and verified when the ledger ended at `head`."""

    head: tuple[int, str]
    found: Found
    verification: Verification
    at: float


class Readiness:
    """The ML Test Score of a project: a function of its ledger and of business time."""

    def __init__(self, ledger: Ledger, *, project: str, clock: Clock) -> None:
        self._ledger = ledger
        self._project = project
        self._clock = clock
        self._seen: _Seen | None = None

    def score(self, at: datetime | None = None) -> Score:
        """The score as of `at` (default: now); a ledger whose chain is broken gives no point and says where it is broken."""
        now = at or self._clock.now()
        seen = self._look()
        if not seen.verification.ok:
            return self._untrusted(now, seen.verification)
        results = tuple(judge(test, seen.found, now) for test in TESTS)
        return Score(now, results, stand(_points(results)), seen.verification.records)

    def results(self, at: datetime | None = None) -> tuple[Result, ...]:
        """What each test earned, with the chain taken on trust: for whoever looks often and only wants to know what expired."""
        now = at or self._clock.now()
        found = gather(self._ledger, TESTS)
        return tuple(judge(test, found, now) for test in TESTS)

    def attest(self, test: str, *, link: str, note: str, principal: str, expires: str | timedelta = "90d") -> Evidence:
        """Put on record that a person did the test by hand: half a point until it expires.

        Raises `NotFound` for an unknown test, `InvalidInput` without a link to the result or a note.
        """
        return attestation.attest(self._ledger, test, link=link, note=note, principal=principal, expires=expires)

    def withdraw(self, test: str, *, why: str, principal: str) -> Evidence:
        """Take an attestation back; both stay in the ledger."""
        return attestation.withdraw(self._ledger, test, why=why, principal=principal)

    def _look(self) -> _Seen:
        mark, here = self._ledger.checkpoint(), self._clock.monotonic()
        head = (mark.sequence, mark.digest)
        seen = self._seen
        if seen is not None and seen.head == head and 0 <= here - seen.at < _VERIFIED_FOR:
            return seen
        verification = self._ledger.verify()
        found = gather(self._ledger, TESTS) if verification.ok else Found()
        self._seen = _Seen(head, found, verification, here)
        return self._seen

    def _untrusted(self, now: datetime, verification: Verification) -> Score:
        results = tuple(
            replace(judge(test, Found(), now), why=UNTRUSTED, next="treadle audit verify") for test in TESTS
        )
        broken = tuple(f"record {each.sequence}: {each.problem}" for each in verification.broken[:20])
        return Score(now, results, stand({}), verification.records, broken)


def _points(results: tuple[Result, ...]) -> dict[str, float]:
    return {result.test.id: result.points for result in results}
