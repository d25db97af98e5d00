"""What a message about an alert says: the data of its event, the same for every channel."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from treadle.monitoring.alerts.alert import Alert


def alert_body(alert: Alert, change: str, *, by: str, note: str, project: str) -> dict[str, Any]:
    """Plain values that say what happened to an alert, who did it, and how the alert stands now."""
    return {
        "project": project,
        "change": change,
        "by": by,
        "note": note,
        "alert": alert_dict(alert),
    }


def alert_dict(alert: Alert) -> dict[str, Any]:
    """An alert as plain values, instants in ISO 8601."""
    return {
        "id": alert.id,
        "key": alert.key,
        "title": alert.title,
        "summary": alert.summary,
        "subject": str(alert.subject),
        "check": alert.check,
        "severity": alert.severity,
        "state": alert.state,
        "owner": alert.owner,
        "times": alert.times,
        "flapping": alert.flapping,
        "opened_at": _iso(alert.opened_at),
        "last_at": _iso(alert.last_at),
        "acknowledged_at": _iso(alert.acknowledged_at),
        "acknowledged_by": alert.acknowledged_by,
        "resolved_at": _iso(alert.resolved_at),
        "resolved_by": alert.resolved_by,
        "resolved_why": alert.resolved_why,
        "evidence": alert.evidence,
        "detail": dict(alert.detail),
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
