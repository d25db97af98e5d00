"""How things stand with a loop: what its triggers look at, gathered from the rooms."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from treadle.clock import as_utc
from treadle.errors import NotFound, TreadleError
from treadle.evidence import Subject
from treadle.loop.arrivals import Arrivals
from treadle.loop.fingerprint import code_fingerprint
from treadle.retraining import Event, Failing, Situation, Upstream, triggers

if TYPE_CHECKING:
    from treadle.evidence import Evidence, Ledger
    from treadle.loop.declaration import Loop
    from treadle.loop.turn import Rooms
    from treadle.registry import Registry
    from treadle.retraining import Retraining


class Situations:
    """Looks at the rooms for what the triggers of a loop ask, and for nothing else."""

    def __init__(self, rooms: Rooms, retraining: Retraining) -> None:
        self._rooms = rooms
        self._retraining = retraining
        self._arrivals = Arrivals(rooms.datasets, rooms.engine, rooms.config.root)

    def of(self, loop: Loop, now: datetime | None = None) -> Situation:
        """The situation of `loop` at business `now`."""
        moment = as_utc(now) if now is not None else self._rooms.clock.now()
        last_turn, last_code = self._retraining.last_turn(loop.name, moment)
        rows, uncounted = self._new_rows(loop, last_turn, moment)
        failing, passing = self._verdicts(loop)
        code = code_fingerprint(loop) if any(isinstance(each, triggers.OnCodeChange) for each in loop.retrain) else ""
        return Situation(
            now=moment,
            last_turn=last_turn,
            new_rows=rows,
            uncounted=uncounted,
            failing=failing,
            passing=passing,
            code=code,
            last_code=last_code,
            last_coded=self._retraining.last_coded(loop.name, moment),
            upstream=dict(self._upstream(loop)),
            events=self._events(loop, last_turn, moment),
        )

    def _new_rows(self, loop: Loop, since: datetime | None, now: datetime) -> tuple[int, str]:
        if not any(isinstance(each, triggers.OnNewData) for each in loop.retrain):
            return 0, ""
        try:
            return self._arrivals.count(loop, since, now), ""
        except TreadleError as error:
            return 0, str(error)

    def _events(self, loop: Loop, since: datetime | None, now: datetime) -> tuple[Event, ...]:
        """The messages its triggers wait for, asked for one by one, so that many for one push none for another out."""
        found: dict[str, Event] = {}
        for trigger in loop.retrain:
            if isinstance(trigger, triggers.OnMessage):
                fitting = self._retraining.events(
                    types=[trigger.type], source=trigger.source, subject=trigger.subject, since=since, until=now
                )
                found.update((event.key, event) for event in fitting)
        return tuple(sorted(found.values(), key=lambda event: (event.received_at or now, event.source, event.id)))

    def _verdicts(self, loop: Loop) -> tuple[dict[str, Failing], dict[str, str]]:
        failing: dict[str, Failing] = {}
        passing: dict[str, str] = {}
        for trigger in loop.retrain:
            if isinstance(trigger, triggers.OnFailing):
                name = trigger.check.name
                newest = _newest(self._rooms.ledger, loop.name, name, ("failed", "passed", "warned"))
                if newest is None:
                    continue
                if newest.verdict.status == "failed":
                    first = _first_of_episode(self._rooms.ledger, loop.name, newest)
                    failing[name] = Failing(
                        first.id, first.business_at, newest.business_at, newest.verdict.summary, newest.id
                    )
                else:
                    passing[name] = newest.verdict.status
        return failing, passing

    def _upstream(self, loop: Loop) -> Iterator[tuple[str, Upstream]]:
        registry: Registry = self._rooms.registry
        for trigger in loop.retrain:
            if isinstance(trigger, triggers.OnUpstream):
                try:
                    moves = registry.history(trigger.model, trigger.alias)
                except NotFound:
                    continue
                if moves:
                    last = moves[0]
                    yield trigger.target, Upstream(last.to_version, last.id, last.at)


def _newest(ledger: Ledger, endpoint: str, check: str, status: Any) -> Evidence | None:
    found = ledger.find(subject=Subject("endpoint", endpoint), check=check, status=status, stage="live", limit=1)
    return found[0] if found else None


def _first_of_episode(ledger: Ledger, endpoint: str, newest: Evidence) -> Evidence:
    """The first failure after the last verdict that was none; `skipped` and `error` neither begin nor end an episode."""
    before = _newest(ledger, endpoint, newest.check, ("passed", "warned"))
    failures = ledger.find(
        subject=newest.subject,
        check=newest.check,
        status="failed",
        stage="live",
        since=None if before is None else before.business_at,
        newest_first=False,
    )
    after = before.sequence if before else 0
    return next((each for each in failures if each.sequence > after), newest)
