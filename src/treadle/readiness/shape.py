"""The score as plain values: what `--json`, REST and reports give alike."""

from __future__ import annotations

from typing import Any

from treadle.readiness.levels import Criterion, Maturity
from treadle.readiness.score import Proof, Result, Score


def plain(score: Score) -> dict[str, Any]:
    """Everything the score says, for JSON; spans in seconds."""
    return {
        "at": score.at,
        "trusted": score.trusted,
        "broken": list(score.broken),
        "records": score.records,
        **score.sections,
        "final": score.final,
        "meaning": score.meaning,
        "tests": [_result(each) for each in score.results],
        "levels": {each.scale: _maturity(each) for each in score.maturity},
    }


def _result(found: Result) -> dict[str, Any]:
    return {
        "id": found.test.id,
        "section": found.test.section,
        "number": found.test.number,
        "title": found.test.title,
        "question": found.test.question,
        "points": found.points,
        "kind": found.kind,
        "why": found.why,
        "age": None if found.age is None else found.age.total_seconds(),
        "expires_at": found.expires_at,
        "next": found.next,
        "evidence": [_proof(each) for each in found.proofs],
    }


def _proof(found: Proof) -> dict[str, Any]:
    return {
        "id": found.evidence,
        "check": found.check,
        "subject": found.subject,
        "status": found.status,
        "summary": found.summary,
        "principal": found.principal,
        "automatic": found.automatic,
        "at": found.at,
        "age": found.age.total_seconds(),
        "link": found.link,
    }


def _maturity(found: Maturity) -> dict[str, Any]:
    return {
        "reached": found.reached,
        "levels": [
            {
                "level": each.level.number,
                "title": each.level.title,
                "met": [_criterion(one) for one in each.met],
                "missing": [_criterion(one) for one in each.missing],
            }
            for each in found.standings
        ],
    }


def _criterion(found: Criterion) -> dict[str, Any]:
    return {"title": found.title, "tests": list(found.tests), "points": found.points}
