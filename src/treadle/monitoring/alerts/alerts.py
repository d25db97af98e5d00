"""The verbs of alerts: raise, observe, acknowledge, silence, resolve, remind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from treadle.clock import Clock, as_utc, duration
from treadle.database import Database
from treadle.errors import Conflict, InvalidInput, NotFound
from treadle.ids import Ids
from treadle.monitoring.alerts.alert import STATES, Alert, AlertEvent, AlertState, checked_severity
from treadle.monitoring.alerts.decision import (
    Rhythm,
    Step,
    heard,
    late_word,
    on_finding,
    on_passing,
    on_time,
    swallowed,
)
from treadle.monitoring.alerts.finding import LONGEST, finding_of, reopened, repeated
from treadle.monitoring.alerts.message import alert_body
from treadle.monitoring.alerts.outbox import Outbox
from treadle.monitoring.alerts.silence import Silence, covering
from treadle.monitoring.alerts.store import AlertStore

if TYPE_CHECKING:
    from treadle.evidence import Evidence, Subject

SYSTEM = "system"
_MANY = 10_000


class Alerts:
    """What people should know about, in one project.

    Every change is written with its history and with the messages that tell of it in one transaction, which joins an open one of
    the same `database`: an alert for something that was rolled back was never there, and never told.
    """

    def __init__(
        self,
        database: Database,
        *,
        project: str,
        clock: Clock,
        ids: Ids,
        rhythm: Rhythm | None = None,
        owner: str = "",
    ) -> None:
        self._database = database
        self._store = AlertStore(database, project)
        self._project = project
        self._clock = clock
        self._ids = ids
        self._rhythm = rhythm or Rhythm()
        self._owner = owner
        self.outbox = Outbox(database, project=project, clock=clock, ids=ids)

    # findings

    def observe(self, evidence: Evidence, *, severity: str = "warning", owner: str = "") -> Alert | None:
        """Let evidence open, repeat or end the alert of its subject and check; the alert, or None when all is well.

        `failed` opens or repeats it; so do `warned` and `error` (the check broke), as a warning at most; `passed` ends it; and
        `skipped` changes nothing, because nothing was learnt. Evidence older than what the alert knows changes nothing either,
        so observing again is harmless.
        """
        key = f"{evidence.subject}/{evidence.check}"
        bad = heard(evidence.verdict.status, checked_severity(severity))
        with self._database.transaction():
            newest = self._newest(key)
            if newest is not None and evidence.sequence <= newest.sequence:
                return newest if newest.live else None
            if bad is None:
                return self._pass(newest, evidence) if evidence.verdict.status == "passed" else _if_live(newest)
            return self._find(newest, finding_of(evidence, bad, owner, id=self._ids.new(), now=self._clock.now()))

    def raise_(
        self,
        key: str,
        title: str,
        *,
        subject: Subject,
        severity: str = "warning",
        owner: str = "",
        detail: Mapping[str, Any] | None = None,
        evidence: Evidence | str | None = None,
        summary: str = "",
    ) -> Alert:
        """Say that something is wrong under a key of its own; while that alert lives, raising it again only counts."""
        if not key.strip() or not title.strip():
            raise InvalidInput("An alert needs a key and a title.", field="title" if key.strip() else "key")
        finding = Alert(
            id=self._ids.new(),
            key=key,
            title=title,
            subject=subject,
            severity=checked_severity(severity),
            opened_at=self._clock.now(),
            last_at=self._clock.now(),
            summary=summary[:LONGEST],
            owner=owner,
            evidence=evidence if evidence is None or isinstance(evidence, str) else evidence.id,
            detail=dict(detail or {}),
        )
        with self._database.transaction():
            return self._find(self._newest(key), finding)

    def resolve(self, key: str, why: str, *, by: str | None = None) -> Alert | None:
        """End the live alert of a key or id; None when there is none.

        Without `by` it ended by itself: a flapping alert then stays open until it has been quiet for a while, and one that comes
        back soon is the same alert again. A person who resolves it ends it at once.
        """
        _said(why, "why")
        with self._database.transaction():
            found = self._store.get(key)
            newest = self._newest(found.key if found else key)
            if newest is None or not newest.live or (found is not None and found.id != newest.id):
                return None
            if by is None:
                return self._end(newest, on_passing(newest, self._clock.now(), self._rhythm), why)
            return self._resolved(newest, why, by=by, tell=newest.told_at is not None)

    def remind(self) -> int:
        """Tell of what has waited long enough: unacknowledged alerts again, those whose silence has ended, flapping ones that
        have calmed down. How many were told or ended; call it from time to time.
        """
        done = 0
        for seen in self._store.find({}, live=True, limit=_MANY):
            if on_time(seen, self._clock.now(), self._rhythm).change == "none":
                continue
            if not seen.passing_since and self._silence_of(seen) is not None:
                continue
            with self._database.transaction():
                alert = self._newest(seen.key)
                if alert is None:
                    continue
                step = on_time(alert, self._clock.now(), self._rhythm)
                if step.change == "resolved":
                    self._resolved(alert, "It has been quiet since.", by="", tell=step.tell)
                elif step.change == "reminded":
                    self._late(alert)
                done += step.change != "none"
        return done

    # what people do

    def acknowledge(self, alert_id: str, by: str, note: str = "") -> Alert:
        """Say that somebody takes care of it: reminders stop until it gets worse. Raises `Conflict` when it is over."""
        with self._database.transaction():
            alert = self._live(alert_id)
            if alert.state == "acknowledged" and alert.acknowledged_by == by and not note:
                return alert
            taken = replace(alert, state="acknowledged", acknowledged_by=by, acknowledged_at=self._clock.now())
            return self._changed(taken, "acknowledged", by, _short(note), tell=alert.told_at is not None)

    def silence(self, pattern: str, until: datetime | str | timedelta, why: str, by: str) -> Silence:
        """Tell nobody of alerts that fit `pattern` (`*` any text, `?` one character) until a time, or for a span such as "2h".

        The pattern is compared with an alert's key, subject, check and id. The alerts are kept and counted all the same, and what
        still lives when the silence ends is told then.
        """
        now = self._clock.now()
        if not pattern.strip() or len(pattern) > 500:
            raise InvalidInput(
                "A silence needs a pattern.", mend="Write one such as endpoint:late-arrival/*.", field="pattern"
            )
        end = as_utc(until) if isinstance(until, datetime) else now + duration(until, field="until")
        if end <= now:
            raise InvalidInput("A silence must end later than now.", mend='Give a span such as "2h".', field="until")
        made = Silence(self._ids.new(), pattern.strip(), _said(why, "why"), by, now, end)
        with self._database.transaction():
            self._store.add_silence(made)
            for alert in self._store.find({}, live=True, limit=_MANY):
                if made.covers(alert):
                    self._note(alert, "silenced", by, f"until {end:%Y-%m-%d %H:%M} UTC: {made.why}")
        return made

    def unsilence(self, silence_id: str, by: str) -> Silence:
        """End a silence now. Raises `NotFound`; ending one that is over changes nothing."""
        with self._database.transaction():
            found = next((s for s in self._store.silences() if s.id == silence_id), None)
            if found is None:
                raise NotFound(
                    f"There is no silence {silence_id!r}.",
                    mend="List them with `treadle alerts silences`.",
                    field="silence",
                )
            if found.active(self._clock.now()) and self._store.end_silence(silence_id, self._clock.now(), by):
                for alert in self._store.find({}, live=True, limit=_MANY):
                    if found.covers(alert):
                        self._note(alert, "unsilenced", by, found.why)
        return next(s for s in self._store.silences() if s.id == silence_id)

    # looking

    def get(self, alert_id: str) -> Alert:
        """One alert by its id, or the newest of a key; raises `NotFound`."""
        found = self._store.get(alert_id) or self._store.newest(alert_id)
        if found is None:
            raise NotFound(
                f"There is no alert {alert_id!r}.", mend="List them with `treadle alerts list`.", field="alert"
            )
        return found

    def list(
        self,
        state: AlertState | Literal["live"] | None = None,
        *,
        severity: str | None = None,
        subject: Subject | None = None,
        owner: str | None = None,
        pattern: str | None = None,
        limit: int = 200,
    ) -> tuple[Alert, ...]:
        """Alerts, the one heard of last first; `live` are those that are not over."""
        if state is not None and state not in (*STATES, "live"):
            raise InvalidInput(
                f"{state!r} is not a state of alerts.", mend=f"Choose one of: live, {', '.join(STATES)}.", field="state"
            )
        where: dict[str, Any] = {} if state in (None, "live") else {"state": state}
        where |= {"severity": checked_severity(severity)} if severity else {}
        where |= {"subject_kind": subject.kind, "subject_id": subject.id} if subject else {}
        where |= {"owner": owner} if owner else {}
        found = self._store.find(where, live=True if state == "live" else None, limit=_MANY if pattern else limit)
        if pattern:
            found = [a for a in found if Silence("", pattern, "", "", a.opened_at, a.opened_at).covers(a)]
        return tuple(found[:limit])

    def counts(self) -> dict[tuple[str, str], int]:
        """How many alerts there are by (severity, state)."""
        return self._store.counts()

    def history(self, alert_id: str) -> tuple[AlertEvent, ...]:
        """Everything that happened to an alert, oldest first."""
        return tuple(self._store.events(self.get(alert_id).id))

    def events(
        self, limit: int = 200, *, before: int | None = None, by: str | None = None, subject: Subject | None = None
    ) -> tuple[AlertEvent, ...]:
        """What happened to any alert, newest first; `before` is a sequence, to page backwards."""
        return tuple(self._store.newest_events(limit, before=before, by=by, subject=subject))

    def pulse(self) -> tuple[int, int]:
        """Two numbers that change whenever an alert does: cheap to look at often."""
        return self._store.pulse()

    def silences(self, *, active: bool = True) -> tuple[Silence, ...]:
        """The silences that hold now, or all there ever were, newest first."""
        return tuple(self._store.silences(active_at=self._clock.now() if active else None))

    def silenced(self, alert: Alert) -> Silence | None:
        """The silence that covers an alert now, or None."""
        return self._silence_of(alert)

    def forget(self, evidence_id: str) -> int:
        """Blank what alerts quote from a piece of evidence whose words are to be erased; how many did."""
        return self._store.forget_words(evidence_id)

    def prune(self, keep: str | timedelta) -> int:
        """Delete alerts that have been over for longer than `keep`; how many."""
        with self._database.transaction():
            return self._store.prune(self._clock.now() - duration(keep, field="keep"))

    # inside

    def _newest(self, key: str) -> Alert | None:
        self._database.lock(f"alert {self._project} {key}")
        return self._store.newest(key)

    def _live(self, alert_id: str) -> Alert:
        found = self.get(alert_id)
        alert = self._newest(found.key) if found.live else found
        if alert is None or alert.id != found.id or not alert.live:
            raise Conflict(f"The alert {found.id} is over already.", mend="Nothing needs to be done.", field="alert")
        return alert

    def _find(self, newest: Alert | None, finding: Alert) -> Alert:
        step = on_finding(newest, finding.severity, finding.last_at, self._rhythm)
        finding = replace(finding, owner=finding.owner or (newest.owner if newest else "") or self._owner)
        if newest is None or step.change == "opened":
            return self._changed(finding, "opened", SYSTEM, finding.summary, tell=True)
        again = repeated(newest, finding)
        if step.change == "reopened":
            again = reopened(again, finding.severity)
            note = "It comes and goes: it stays open until it has been quiet." if again.flapping else ""
            return self._changed(again, "reopened", SYSTEM, note or finding.summary, tell=True)
        if step.change == "escalated":
            worse_now = replace(again, severity=finding.severity, state="open")
            return self._changed(worse_now, "escalated", SYSTEM, f"{newest.severity} → {finding.severity}", tell=True)
        if step.tell and self._silence_of(again) is None:
            return self._late(again)
        self._store.put(again)
        return again

    def _late(self, alert: Alert) -> Alert:
        """Tell of what waited; a beginning that was silenced is in the history already."""
        word = late_word(alert)
        return self._changed(alert, word, SYSTEM, "", tell=True, write=word == "reminded")

    def _pass(self, newest: Alert | None, evidence: Evidence) -> Alert | None:
        if newest is None:
            return None
        seen = replace(newest, sequence=evidence.sequence)
        step = on_passing(seen, self._clock.now(), self._rhythm)
        if step.change == "none":
            self._store.put(seen)
            return _if_live(seen)
        return self._end(seen, step, evidence.verdict.summary or "The check passed.", evidence.id)

    def _end(self, alert: Alert, step: Step, why: str, evidence: str | None = None) -> Alert:
        if step.change == "resolved":
            return self._resolved(alert, why, by="", tell=step.tell, evidence=evidence)
        if step.change == "passing":
            alert = replace(alert, passing_since=self._clock.now())
            self._store.put(alert)
        return alert

    def _resolved(self, alert: Alert, why: str, *, by: str, tell: bool, evidence: str | None = None) -> Alert:
        over = replace(
            alert,
            state="resolved",
            resolved_at=self._clock.now(),
            resolved_by=by,
            resolved_why=_short(why),
            passing_since=None,
        )
        return self._changed(over, "resolved", by or SYSTEM, over.resolved_why, tell=tell, evidence=evidence)

    def _changed(
        self,
        alert: Alert,
        kind: str,
        by: str,
        note: str,
        *,
        tell: bool,
        write: bool = True,
        evidence: str | None = None,
    ) -> Alert:
        """Keep an alert, say in its history what happened, and tell people unless it is silenced.

        The end of something people were told of is told even then, so that nobody is left waiting for it.
        """
        quiet = None if kind == "resolved" or not tell else self._silence_of(alert)
        if tell and quiet is None:
            alert = replace(alert, told_at=self._clock.now())
        elif quiet is not None:
            alert = swallowed(alert, kind, self._clock.now(), self._rhythm)
        self._store.put(alert)
        if write:
            self._note(alert, kind, by, note, evidence or alert.evidence)
        if tell and quiet is None:
            body = alert_body(alert, kind, by=by, note=note, project=self._project)
            self.outbox.put(
                f"io.treadle.alert.{kind}", body, topic=f"alert:{alert.id}", about=alert.key, severity=alert.severity
            )
        elif quiet is not None and write:
            self._note(alert, "silenced", quiet.by, f"until {quiet.until:%Y-%m-%d %H:%M} UTC: {quiet.why}")
        return alert

    def _note(self, alert: Alert, kind: str, by: str, note: str, evidence: str | None = None) -> None:
        event = AlertEvent(0, alert.id, kind, self._clock.now(), by, note, evidence)
        self._store.add_event(event, self._clock.wall())

    def _silence_of(self, alert: Alert) -> Silence | None:
        now = self._clock.now()
        return covering(self._store.silences(active_at=now), alert, now)


def _if_live(alert: Alert | None) -> Alert | None:
    return alert if alert is not None and alert.live else None


def _said(text: str, field: str) -> str:
    if not text.strip():
        raise InvalidInput("A reason is missing.", mend="Say in a sentence why; it stays in the history.", field=field)
    return _short(text.strip())


def _short(text: str) -> str:
    return text[:LONGEST]
