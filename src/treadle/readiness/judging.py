"""What a test earned: decided from evidence and the moment, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from treadle.evidence import Evidence
from treadle.readiness.rubric import Need, Test, family
from treadle.readiness.score import Kind, Proof, Result

BY_ITSELF = "treadle"  # the principal of what no person did
JUDGED = ("passed", "warned", "failed")
AHEAD = timedelta(minutes=5)  # by which clocks of several machines may differ
ATTESTED = "attested"


@dataclass(frozen=True)
class Found:
    """Evidence by check family, newest first, and the subjects that are in service."""

    by_family: Mapping[str, Sequence[Evidence]] = field(default_factory=dict)
    in_service: frozenset[str] = frozenset()

    def of(self, need: Need, now: datetime) -> list[Evidence]:
        """What answers a need, newest first; what claims to come from the future does not count."""
        found = [
            each
            for name in need.checks
            for each in self.by_family.get(name, ())
            if (not need.about or each.subject.kind in need.about) and each.business_at <= now + AHEAD
        ]
        return sorted(found, key=lambda each: -each.sequence)


@dataclass(frozen=True)
class _Answer:
    points: float
    why: str
    proofs: tuple[Proof, ...] = ()
    expires_at: datetime | None = None
    expired: bool = False
    refuted: bool = False  # the check was asked and said no


def judge(test: Test, found: Found, now: datetime) -> Result:
    """The result of one test; an attestation gives half a point where evidence gives less."""
    answers = [_answer(need, found, now) for need in test.needs]
    worst = min(answers, key=lambda answer: answer.points)
    attested = _attested(test, found, now)
    if attested is not None and attested.points > worst.points:
        return _result(test, "attested", attested.points, attested.why, [attested], f"automate it: {test.step}")
    if worst.points == 0.0:
        why = worst.why if attested is None else f"{worst.why} {attested.why}"
        step = test.mend if worst.refuted and test.mend else test.step
        lost = _result(test, "none", 0.0, why, answers, step)
        return replace(lost, expired=lost.expired or (attested is not None and attested.expired))
    why = " ".join(dict.fromkeys(answer.why for answer in answers))
    if worst.points < 1.0:
        return _result(test, "by hand", 0.5, why, answers, "let `treadle controller` run it by itself")
    return _result(test, "automatic", 1.0, why, answers, "")


def automatic(evidence: Evidence) -> bool:
    """Whether no person had to remember to ask: a pipeline or the controller did."""
    return evidence.execution is not None or evidence.principal == BY_ITSELF


def _answer(need: Need, found: Found, now: datetime) -> _Answer:
    everything = found.of(need, now)
    said = [each for each in everything if each.verdict.status != "skipped"]
    name = " or ".join(need.checks)
    if not said:
        if everything:
            return _Answer(0.0, f"{name} was skipped: {everything[0].verdict.summary}", _proofs(everything[:1], now))
        return _Answer(0.0, f"There is no evidence of {name}.")
    fresh = [each for each in said if now - each.business_at <= need.span and not each.expired(now)]
    if not fresh:
        newest = said[0]
        return _Answer(
            0.0,
            f"The evidence of {newest.check} is {days(now - newest.business_at)} old and counts no more "
            f"(limit {need.fresh}).",
            _proofs([newest], now),
            expired=True,
        )
    deciding = _deciding(need, said, fresh, found.in_service)
    proofs = _proofs([deciding, *(fresh[:1] if fresh[0].id != deciding.id else ())], now)
    status, summary = deciding.verdict.status, deciding.verdict.summary
    if deciding.erased:
        return _Answer(0.0, f"What {deciding.check} said was erased.", proofs)
    if status == "error":
        return _Answer(0.0, f"{deciding.check} broke: {summary}", proofs)
    if need.holds and status == "failed":
        return _Answer(0.0, f"{deciding.check} failed: {summary}", proofs, refuted=True)
    by_itself = any(automatic(each) for each in fresh if each.verdict.status in JUDGED)
    verb = "" if status == "passed" else " warned" if status == "warned" else " found"
    return _Answer(
        1.0 if by_itself else 0.5,
        f"{deciding.check}{verb}: {summary}".rstrip(": "),
        proofs,
        min(filter(None, (fresh[0].business_at + need.span, fresh[0].expires_at))),
    )


def _deciding(need: Need, said: Sequence[Evidence], fresh: Sequence[Evidence], in_service: frozenset[str]) -> Evidence:
    """What must hold has to hold of every loop and dataset: of the version in service, however long ago that was asked, as long
    as the check still runs; where nothing was said of that version, the newest word counts."""
    if not need.holds:
        return fresh[0]
    served = [each for each in said if str(each.subject) in in_service]
    newest: dict[str, Evidence] = {}
    for each in (*served, *fresh):
        newest.setdefault(each.subject.id.partition("@")[0], each)
    words = list(newest.values())
    return next((each for each in words if each.erased or each.verdict.status in ("failed", "error")), words[0])


def _attested(test: Test, found: Found, now: datetime) -> _Answer | None:
    words = [each for each in found.by_family.get(ATTESTED, ()) if each.subject.id == test.id]
    words = [each for each in words if each.business_at <= now + AHEAD]
    if not words:
        return None
    newest = max(words, key=lambda each: each.sequence)
    link = str(newest.verdict.detail.get("link", ""))
    said = f"{newest.principal} attested it {days(now - newest.business_at)} ago"
    if newest.verdict.status != "passed" or newest.erased:
        return _Answer(0.0, f"The attestation was withdrawn by {newest.principal}.", _proofs([newest], now))
    if newest.expired(now):
        return _Answer(0.0, f"{said}, which has expired.", _proofs([newest], now), expired=True)
    return _Answer(0.5, f"{said}: {newest.verdict.summary} {link}".strip(), _proofs([newest], now), newest.expires_at)


def _result(test: Test, kind: Kind, points: float, why: str, answers: Sequence[_Answer], step: str) -> Result:
    proofs = tuple({proof.evidence: proof for answer in answers for proof in answer.proofs}.values())
    ends = [answer.expires_at for answer in answers if answer.expires_at is not None]
    oldest = max((proof.age for proof in proofs), default=None)
    expired = not points and all(answer.points or answer.expired for answer in answers)
    return Result(test, points, kind, why, proofs, oldest, min(ends) if ends and points else None, step, expired)


def _proofs(evidence: Sequence[Evidence], now: datetime) -> tuple[Proof, ...]:
    return tuple(
        Proof(
            evidence=each.id,
            check=each.check,
            subject=str(each.subject),
            status=each.verdict.status,
            summary=each.verdict.summary,
            principal=each.principal,
            automatic=automatic(each),
            at=each.business_at,
            age=max(timedelta(0), now - each.business_at),
            link=str(each.verdict.detail.get("link", "")) if family(each.check) == ATTESTED else "",
        )
        for each in evidence
    )


def days(span: timedelta) -> str:
    """A span in words, in its largest unit.

    >>> days(timedelta(days=3, hours=4)), days(timedelta(hours=1)), days(timedelta(seconds=5))
    ('3 days', '1 hour', 'less than a minute')
    """
    seconds = int(span.total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = seconds // size
        if count:
            return f"{count:,} {unit}{'' if count == 1 else 's'}"
    return "less than a minute"
