"""The rows of alerts, of what happened to them, and of silences."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from treadle.clock import from_micros, micros
from treadle.database import Database, Row, from_json, to_json
from treadle.evidence import Subject
from treadle.monitoring.alerts.alert import Alert, AlertEvent
from treadle.monitoring.alerts.silence import Silence

_INSTANTS = ("opened_at", "last_at", "told_at", "passing_since", "acknowledged_at", "resolved_at")


class AlertStore:
    """Reads and writes one project's alerts."""

    def __init__(self, database: Database, project: str) -> None:
        self.database = database
        self._project = project

    # alerts

    def newest(self, key: str) -> Alert | None:
        """The newest alert of a key: the live one if there is one."""
        found = self.find(
            {"alert_key": key},
            limit=1,
            order="CASE WHEN resolved_at IS NULL THEN 0 ELSE 1 END, opened_at DESC, id DESC",
        )
        return found[0] if found else None

    def get(self, alert_id: str) -> Alert | None:
        """One alert by its id, or None."""
        found = self.find({"id": alert_id}, limit=1)
        return found[0] if found else None

    def put(self, alert: Alert) -> None:
        """Write an alert, new or changed."""
        row = {"project": self._project, **_row(alert)}
        changes = ", ".join(f"{name} = excluded.{name}" for name in row if name not in ("project", "id"))
        names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
        self.database.execute(
            f"INSERT INTO alerts ({names}) VALUES ({marks}) ON CONFLICT (project, id) DO UPDATE SET {changes}", row
        )

    def find(
        self, where: Mapping[str, Any], *, limit: int, live: bool | None = None, order: str = "last_at DESC, id DESC"
    ) -> list[Alert]:
        """Alerts whose columns have the values in `where`."""
        clauses = [f" AND {name} = :{name}" for name in where]
        if live is not None:
            clauses.append(f" AND resolved_at IS {'' if live else 'NOT '}NULL")
        rows = self.database.read(
            f"SELECT * FROM alerts WHERE project = :project{''.join(clauses)} ORDER BY {order} LIMIT :limit",
            {**where, "project": self._project, "limit": limit},
        )
        return [_alert(row) for row in rows]

    def counts(self) -> dict[tuple[str, str], int]:
        """How many alerts there are by severity and state."""
        rows = self.database.read(
            "SELECT severity, state, count(*) AS n FROM alerts WHERE project = :project GROUP BY severity, state",
            project=self._project,
        )
        return {(row["severity"], row["state"]): row["n"] for row in rows}

    def forget_words(self, evidence: str) -> int:
        """Blank what alerts quote from a piece of evidence; how many did."""
        return self.database.execute(
            "UPDATE alerts SET summary = '', detail = '{}' WHERE project = :project AND evidence = :evidence",
            project=self._project,
            evidence=evidence,
        )

    def prune(self, before: datetime) -> int:
        """Delete alerts that were over before `before`, with their history; how many."""
        gone = "project = :project AND resolved_at IS NOT NULL AND resolved_at < :before"
        named = {"project": self._project, "before": micros(before)}
        self.database.execute(
            f"DELETE FROM alert_events WHERE project = :project AND alert IN (SELECT id FROM alerts WHERE {gone})",
            named,
        )
        return self.database.execute(f"DELETE FROM alerts WHERE {gone}", named)

    # what happened

    def add_event(self, event: AlertEvent, recorded_at: datetime) -> None:
        """Write down that something happened to an alert."""
        self.database.insert(
            "alert_events",
            {
                "project": self._project,
                "alert": event.alert,
                "kind": event.kind,
                "at": micros(event.at),
                "recorded_at": micros(recorded_at),
                "principal": event.principal,
                "note": event.note,
                "evidence": event.evidence,
            },
        )

    def events(self, alert: str) -> list[AlertEvent]:
        """What happened to one alert, oldest first."""
        rows = self.database.read(
            "SELECT * FROM alert_events WHERE project = :project AND alert = :alert ORDER BY sequence",
            project=self._project,
            alert=alert,
        )
        return [_event(row) for row in rows]

    def newest_events(
        self, limit: int, *, before: int | None = None, by: str | None = None, subject: Subject | None = None
    ) -> list[AlertEvent]:
        """What happened to any alert, newest first; `before` is a sequence, to page backwards."""
        clauses = {
            " AND sequence < :before": before,
            " AND principal = :by": by,
            " AND alert IN (SELECT id FROM alerts WHERE project = :project AND subject_kind = :kind "
            "AND subject_id = :subject)": subject,
        }
        only = "".join(clause for clause, value in clauses.items() if value is not None)
        rows = self.database.read(
            f"SELECT * FROM alert_events WHERE project = :project{only} ORDER BY sequence DESC LIMIT :limit",
            project=self._project,
            before=before,
            by=by,
            kind=subject.kind if subject else None,
            subject=subject.id if subject else None,
            limit=limit,
        )
        return [_event(row) for row in rows]

    def pulse(self) -> tuple[int, int]:
        """Two numbers that change whenever an alert does."""
        row = self.database.one(
            "SELECT (SELECT MAX(sequence) FROM alert_events WHERE project = :project) AS newest, "
            "(SELECT SUM(times) FROM alerts WHERE project = :project AND resolved_at IS NULL) AS times",
            project=self._project,
        )
        return (int(row["newest"] or 0), int(row["times"] or 0)) if row else (0, 0)

    # silences

    def add_silence(self, silence: Silence) -> None:
        """Write a silence."""
        self.database.insert(
            "alert_silences",
            {
                "project": self._project,
                "id": silence.id,
                "pattern": silence.pattern,
                "why": silence.why,
                "principal": silence.by,
                "created_at": micros(silence.created_at),
                "until_at": micros(silence.until),
                "ended_by": "",
            },
        )

    def end_silence(self, silence_id: str, at: datetime, by: str) -> int:
        """End a silence before its time; 0 when it had been ended."""
        return self.database.execute(
            "UPDATE alert_silences SET ended_at = :at, ended_by = :by "
            "WHERE project = :project AND id = :id AND ended_at IS NULL",
            project=self._project,
            id=silence_id,
            at=micros(at),
            by=by,
        )

    def silences(self, *, active_at: datetime | None = None) -> list[Silence]:
        """Every silence, or those active at a time, newest first."""
        only = "" if active_at is None else " AND ended_at IS NULL AND created_at <= :now AND until_at > :now"
        rows = self.database.read(
            f"SELECT * FROM alert_silences WHERE project = :project{only} ORDER BY created_at DESC, id DESC",
            project=self._project,
            now=None if active_at is None else micros(active_at),
        )
        return [_silence(row) for row in rows]


def _row(alert: Alert) -> dict[str, Any]:
    instants = {name: getattr(alert, name) for name in _INSTANTS}
    return {
        "id": alert.id,
        "alert_key": alert.key,
        "subject_kind": alert.subject.kind,
        "subject_id": alert.subject.id,
        "check_name": alert.check,
        "title": alert.title,
        "summary": alert.summary,
        "severity": alert.severity,
        "owner": alert.owner,
        "state": alert.state,
        "times": alert.times,
        "flaps": alert.flaps,
        "acknowledged_by": alert.acknowledged_by,
        "resolved_by": alert.resolved_by,
        "resolved_why": alert.resolved_why,
        "evidence": alert.evidence,
        "evidence_sequence": alert.sequence,
        "detail": to_json(alert.detail),
        **{name: None if at is None else micros(at) for name, at in instants.items()},
    }


def _alert(row: Row) -> Alert:
    instants: dict[str, Any] = {name: None if row[name] is None else from_micros(row[name]) for name in _INSTANTS}
    return Alert(
        id=row["id"],
        key=row["alert_key"],
        title=row["title"],
        subject=Subject(row["subject_kind"], row["subject_id"]),
        severity=row["severity"],
        check=row["check_name"],
        summary=row["summary"],
        owner=row["owner"],
        state=row["state"],
        times=row["times"],
        flaps=row["flaps"],
        acknowledged_by=row["acknowledged_by"],
        resolved_by=row["resolved_by"],
        resolved_why=row["resolved_why"],
        evidence=row["evidence"],
        sequence=row["evidence_sequence"],
        detail=from_json(row["detail"]),
        **instants,
    )


def _event(row: Row) -> AlertEvent:
    return AlertEvent(
        sequence=row["sequence"],
        alert=row["alert"],
        kind=row["kind"],
        at=from_micros(row["at"]),
        principal=row["principal"],
        note=row["note"],
        evidence=row["evidence"],
        recorded_at=from_micros(row["recorded_at"]),
    )


def _silence(row: Row) -> Silence:
    return Silence(
        id=row["id"],
        pattern=row["pattern"],
        why=row["why"],
        by=row["principal"],
        created_at=from_micros(row["created_at"]),
        until=from_micros(row["until_at"]),
        ended_at=None if row["ended_at"] is None else from_micros(row["ended_at"]),
        ended_by=row["ended_by"],
    )
