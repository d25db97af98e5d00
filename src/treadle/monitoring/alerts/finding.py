"""What an alert becomes when something is found (again): values in, values out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from treadle.monitoring.alerts.alert import Alert, Severity

if TYPE_CHECKING:
    from treadle.evidence import Evidence

LONGEST = 2_000  # characters of a summary, a note or a reason
_VERBS = {"failed": "failed", "warned": "warned", "error": "could not be judged"}


def finding_of(evidence: Evidence, severity: Severity, owner: str, *, id: str, now: datetime) -> Alert:
    """The alert that evidence of something wrong would open."""
    verdict = evidence.verdict
    return Alert(
        id=id,
        key=f"{evidence.subject}/{evidence.check}",
        title=f"{evidence.check} {_VERBS[verdict.status]} on {evidence.subject.id}",
        subject=evidence.subject,
        severity=severity,
        opened_at=now,
        last_at=now,
        check=evidence.check,
        summary=verdict.summary[:LONGEST],
        owner=owner,
        evidence=evidence.id,
        sequence=evidence.sequence,
        detail={"status": verdict.status, "value": verdict.value, "threshold": verdict.threshold},
    )


def repeated(alert: Alert, finding: Alert) -> Alert:
    """The alert found once more: it counts, and says what was found last."""
    return replace(
        alert,
        title=finding.title,
        summary=finding.summary,
        detail=finding.detail,
        owner=alert.owner or finding.owner,
        evidence=finding.evidence or alert.evidence,
        sequence=max(alert.sequence, finding.sequence),
        last_at=finding.last_at,
        times=alert.times + 1,
        passing_since=None,
    )


def reopened(alert: Alert, severity: Severity) -> Alert:
    """The alert that had gone by itself and is back, as bad as what was found now: one more flap, nobody's yet."""
    return replace(
        alert,
        state="open",
        severity=severity,
        flaps=alert.flaps + 1,
        resolved_at=None,
        resolved_by="",
        resolved_why="",
        acknowledged_at=None,
        acknowledged_by="",
    )
