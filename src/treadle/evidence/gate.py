"""Whether what was asked for may go on: decided from evidence and nothing else.

Missing evidence never passes, and a check that was skipped has left none. Evidence that has expired still counts here: age
raises an alert, it takes nothing out of service; whoever wants fresh evidence says so with `at`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from treadle.evidence.record import Evidence


@dataclass(frozen=True)
class Decision:
    """Yes or no, and why: names of checks that have no evidence, that said no, and that only warn."""

    passed: bool
    missing: tuple[str, ...]
    failed: tuple[str, ...]
    warned: tuple[str, ...]
    reasons: tuple[str, ...]


def decide(required: Sequence[str], evidence: Sequence[Evidence], *, at: datetime | None = None) -> Decision:
    """Decide from the newest evidence of each check about one subject.

    Every `required` check must have passed, or have reaction `warn`. Evidence of a check that was not required counts as well
    when it blocks: somebody asked, and the answer was no. With `at`, evidence expired by then is as good as missing.
    """
    newest: dict[str, Evidence] = {}
    for found in sorted(evidence, key=lambda one: one.sequence):
        if at is None or not found.expired(at):
            newest[found.check] = found
    names = dict.fromkeys([*required, *(name for name, found in newest.items() if found.blocks)])
    outcome = {name: _outcome(newest.get(name)) for name in names}
    missing, failed, warned = (_with(outcome, kind) for kind in ("missing", "failed", "warned"))
    return Decision(
        passed=not missing and not failed,
        missing=missing,
        failed=failed,
        warned=warned,
        reasons=tuple(_reason(name, newest.get(name), outcome[name]) for name in (*missing, *failed, *warned)),
    )


def _outcome(found: Evidence | None) -> str:
    if found is None:
        return "missing"
    if found.blocks:
        return "failed"
    if found.verdict.status == "passed":
        return "passed"
    if found.verdict.status == "skipped" and found.reaction == "block":
        return "missing"
    return "warned"


def _with(outcome: dict[str, str], kind: str) -> tuple[str, ...]:
    return tuple(name for name, came in outcome.items() if came == kind)


def _reason(name: str, found: Evidence | None, outcome: str) -> str:
    said = found.verdict.summary if found else ""
    if found is None:
        return f"{name}: there is no evidence."
    if outcome == "missing":
        return _joined(name, "it was skipped.", said)
    if found.verdict.status == "error":
        return _joined(name, "the check itself broke.", said)
    return _joined(name, "it failed." if outcome == "failed" else f"it {found.verdict.status}, which warns.", said)


def _joined(name: str, what: str, said: str) -> str:
    return " ".join(part for part in (f"{name}:", what, said) if part)
