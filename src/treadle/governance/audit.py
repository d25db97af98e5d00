"""Who did what, when: the ledger and what happened to alerts as one trail, newest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Literal, get_args

from treadle.errors import InvalidInput

if TYPE_CHECKING:
    from treadle.evidence import Evidence, Ledger, Subject
    from treadle.monitoring import Alert, AlertEvent, Alerts

AuditKind = Literal["decision", "check", "alert"]
KINDS: tuple[AuditKind, ...] = get_args(AuditKind)


@dataclass(frozen=True)
class AuditEntry:
    """One act: `at` in business time and `recorded_at` in the machine's, who, what was done and said, about what, and its proof.

    A `decision` moves something (a promotion, a refusal, an attestation), a `check` asked something, an `alert` is what people
    and time did to an alert. `record` is the place in the ledger, 0 where there is none.
    """

    kind: AuditKind
    at: datetime
    recorded_at: datetime
    who: str
    title: str
    what: str
    status: str
    subject: Subject
    record: int = 0
    evidence: str | None = None
    alert: str | None = None


@dataclass(frozen=True)
class AuditPage:
    """A part of the trail; `next` asks for what came before, empty at the beginning of time."""

    entries: tuple[AuditEntry, ...]
    next: str = ""


def audit_trail(
    ledger: Ledger,
    alerts: Alerts,
    *,
    kinds: Iterable[AuditKind] = KINDS,
    who: str | None = None,
    subject: Subject | None = None,
    before: str = "",
    limit: int = 50,
) -> AuditPage:
    """The newest acts that fit; `before` is the `next` of the page before. Raises `InvalidInput` for another `before`."""
    wanted = set(kinds)
    record, event = _place(before)
    found = []
    if wanted & {"decision", "check"}:
        stages = [s for s in ("data", "candidate", "live") if "check" in wanted]
        stages += ["release"] if "decision" in wanted else []
        found = ledger.find(stage=stages, principal=who, subject=subject, before=record, limit=limit + 1)  # type: ignore[arg-type]
    happened = alerts.events(limit + 1, before=event, by=who, subject=subject) if "alert" in wanted else ()
    known = {each: alerts.get(each) for each in {e.alert for e in happened}}
    both = merge(
        ((e.recorded_at, e.sequence, of_record(e), e) for e in found),
        ((e.recorded_at or e.at, e.sequence, of_event(e, known[e.alert]), e) for e in happened),
        key=lambda each: (each[0], each[1]),
        reverse=True,
    )
    shown = list(islice(both, limit))
    if len(found) + len(happened) <= limit:
        return AuditPage(tuple(each[2] for each in shown))
    for _, sequence, entry, _ in shown:
        record, event = (record, sequence) if entry.kind == "alert" else (sequence, event)
    return AuditPage(tuple(each[2] for each in shown), f"{record or ''}.{event or ''}")


def of_record(found: Evidence) -> AuditEntry:
    """A record of the ledger as an act."""
    said = found.verdict
    return AuditEntry(
        kind="decision" if found.stage == "release" else "check",
        at=found.business_at,
        recorded_at=found.recorded_at,
        who=found.principal,
        title=found.check,
        what=said.summary,
        status="refused" if found.check in ("promotion", "refusal") and said.status == "failed" else said.status,
        subject=found.subject,
        record=found.sequence,
        evidence=found.id,
    )


def of_event(found: AlertEvent, alert: Alert) -> AuditEntry:
    """What happened to an alert as an act."""
    return AuditEntry(
        kind="alert",
        at=found.at,
        recorded_at=found.recorded_at or found.at,
        who=found.principal,
        title=alert.title,
        what=found.note,
        status=found.kind,
        subject=alert.subject,
        evidence=found.evidence,
        alert=found.alert,
    )


def _place(text: str) -> tuple[int | None, int | None]:
    parts = text.split(".") if text else ["", ""]
    if len(parts) != 2 or not all(
        part == "" or (part.isascii() and part.isdecimal() and len(part) < 18) for part in parts
    ):
        raise InvalidInput(
            f"{text[:60]!r} is no place in the trail.", mend="Follow the link of a page.", field="before"
        )
    record, event = (int(part) if part else None for part in parts)
    return record, event
