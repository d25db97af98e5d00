"""The verbs of retraining: consider, ask, next, start, beat, finish, cancel, recover, receive, look up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from treadle.clock import Clock, as_utc, duration
from treadle.database import Database
from treadle.errors import Conflict, InvalidInput, NotFound
from treadle.ids import Ids
from treadle.retraining.considered import Considered
from treadle.retraining.event import Event, Received
from treadle.retraining.plan import RetrainPlan
from treadle.retraining.recording import Recording, writes
from treadle.retraining.request import BY_HAND, OPEN, Request, State
from treadle.retraining.retention import Forgotten, forgettable
from treadle.retraining.situation import Situation
from treadle.retraining.store import RetrainStore

_ENDS: dict[str, State] = {
    "failed": "failed",
    "refused": "refused",
    "blocked": "refused",
    "timed out": "timed out",
    "timed_out": "timed out",
    "cancelled": "cancelled",
}
SILENCE = timedelta(seconds=120)  # a run that gave no sign for this long is taken for dead


class Retraining:
    """Decides when loops turn again, and keeps every request with its reason.

    Two deciders at once record one request, and of two that start it one succeeds: the database has room for one waiting and
    one running request of a loop, and for one request of an occasion and attempt. All verbs join an open transaction.
    """

    def __init__(self, database: Database, *, project: str, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._store = RetrainStore(database, project)
        self._project = project
        self._clock = clock
        self._ids = ids
        self._recording = Recording(self._store, ids)

    # deciding

    def consider(self, loop: RetrainPlan, situation: Situation, *, dry_run: bool = False) -> Considered:
        """Show the situation to the loop's triggers and record what they ask for; with `dry_run` only say it.

        At most one request waits afterwards; what is held back is kept with its reason and looked at again the next time.
        """
        situation = replace(situation, now=as_utc(situation.now))
        looks = [trigger.look(situation) for trigger in loop.triggers]
        rulings = self._recording.rulings(loop, looks, situation)
        if dry_run or not any(writes(ruling) for ruling in rulings):
            return Considered(loop.loop, situation.now, rulings, dry_run=dry_run)
        with self._database.transaction():
            self._take_turns(loop.loop)
            rulings = self._recording.rulings(loop, looks, situation)
            made = [self._recording.carry_out(loop, ruling, situation.now) for ruling in rulings if writes(ruling)]
        waiting = tuple(request for request in made if request.state == "waiting")
        return Considered(loop.loop, situation.now, rulings, waiting)

    def ask(
        self, loop_name: str, *, reason: str, by: str, as_of: datetime | None = None, cause: str = BY_HAND
    ) -> Request:
        """Ask for a run by hand: neither cool-down nor budget holds it back, only another run does.

        Who asks while one asked for by hand waits already gets that one; one that a trigger asked for is held back for it, and
        looked at again afterwards. Raises `InvalidInput` without a reason.
        """
        if not reason.strip():
            raise InvalidInput("A request needs a reason.", mend="Say why in one sentence.", field="reason")
        now, id = self._clock.now(), self._ids.new()
        with self._database.transaction():
            self._take_turns(loop_name)
            waiting = next(iter(self._store.find(loop=loop_name, states=["waiting"], limit=1)), None)
            if waiting is not None and waiting.by_hand:
                return waiting
            if waiting is not None:  # the next look may supersede it, and the person's name and reason are not on it
                self._store.change(
                    waiting.id, ("waiting",), {"state": "held", "why": f"One run at a time: {id} waits."}
                )
            request = Request(
                id=id,
                loop=loop_name,
                cause=cause,
                occurrence=f"{cause}:{id}",
                reason=reason.strip(),
                state="waiting",
                occurred_at=now,
                asked_at=now,
                asked_by=by,
                as_of=None if as_of is None else as_utc(as_of),
            )
            self._store.insert(request)
        return request

    # running

    def next(self, loop_name: str) -> Request | None:
        """The request to start now, or None: nothing waits, or a run goes on."""
        found = self._store.find(loop=loop_name, states=["waiting", "running"], limit=2)
        return found[0] if len(found) == 1 and found[0].state == "waiting" else None

    def start(self, request: Request | str, *, as_of: datetime | None = None) -> Request:
        """Mark a waiting request as running; raises `Conflict` when it does not wait (any more) or another one runs.

        `as_of` is the moment its turn looks from, if that is known by now: what happens after it is not answered by the run.
        """
        found, now = self.get(_id(request)), self._clock.now()
        with self._database.transaction():
            self._take_turns(found.loop)
            running = self._store.find(loop=found.loop, states=["running"], limit=1)
            if running:
                raise Conflict(f"{found.loop} turns already: {running[0].id} runs.", field="request")
            changes: dict[str, object] = {
                "state": "running",
                "started_at": now,
                "beat_at": self._clock.wall(),
                "why": "",
            }
            if as_of is not None:
                changes["as_of"] = as_utc(as_of)
            if not self._store.change(found.id, ("waiting",), changes):
                raise Conflict(
                    f"The request {found.id} does not wait: it is {self.get(found.id).state}.", field="request"
                )
            return self.get(found.id)

    def beat(self, request: Request | str, seconds: float = 0.0) -> None:
        """Give a sign of life of a run and of how long it has been going on; an ended one is left alone."""
        self._store.change(_id(request), ("running",), {"beat_at": self._clock.wall(), "seconds": seconds})

    def finish(
        self,
        request: Request | str,
        outcome: str,
        *,
        version: int | None = None,
        seconds: float = 0.0,
        why: str = "",
    ) -> Request:
        """Record how a run ended: `failed`, `timed out`, `refused`, `blocked`, `cancelled`; any other outcome is a success.

        Saying the same again changes nothing; raises `Conflict` when it does not run or ended otherwise.
        """
        state = _ENDS.get(outcome, "succeeded")
        changes = {
            "state": state,
            "outcome": outcome,
            "version": version,
            "seconds": float(seconds),
            "why": why,
            "finished_at": self._clock.now(),
        }
        with self._database.transaction():
            changed = self._store.change(_id(request), ("running",), changes)
            found = self.get(_id(request))
        if not changed and (found.state, found.outcome, found.version) != (state, outcome, version):
            raise Conflict(f"The request {found.id} does not run: it is {found.state}.", field="request")
        return found

    def cancel(self, request: Request | str, *, by: str, why: str = "") -> Request:
        """End an open request for good; its occasion does not ask again. Raises `NotFound`, `Conflict` when it has ended.

        A running one is only marked; who runs it sees that it is no longer its to finish, and stops.
        """
        changes = {
            "state": "cancelled",
            "outcome": "cancelled",
            "why": why or f"Cancelled by {by}.",
            "finished_at": self._clock.now(),
        }
        with self._database.transaction():
            changed = self._store.change(_id(request), OPEN, changes)
            found = self.get(_id(request))
        if not changed:
            raise Conflict(f"The request {found.id} has ended: its state is {found.state}.", field="request")
        return found

    def recover(
        self,
        now: datetime | None = None,
        *,
        deadline: timedelta | str | None = None,
        silence: timedelta = SILENCE,
        keep: Collection[str] = (),
    ) -> tuple[Request, ...]:
        """Mark runs whose process gave no sign for `silence` as failed, and those longer than `deadline` as timed out.

        Signs are measured in the machine's time, the end is stamped with business time `now`; runs in `keep` are left alone.
        """
        longest = None if deadline is None else duration(deadline, field="deadline").total_seconds()
        wall, ended = self._clock.wall(), []
        for request in self._store.find(states=["running"]):
            if request.id in keep or request.beat_at is None:
                continue
            if longest is not None and request.seconds > longest:
                end, why = "timed out", f"It took longer than {longest:g} s."
            elif abs(wall - request.beat_at) > silence:
                end, why = "failed", f"Its process gave no sign for {silence.total_seconds():g} s."
            else:
                continue
            changes = {"state": end, "outcome": end, "why": why, "finished_at": now or self._clock.now()}
            if self._store.change(request.id, ("running",), changes):
                ended.append(self.get(request.id))
        return tuple(ended)

    def turned(self, loop_name: str, *, execution: str, as_of: datetime, code: str = "") -> None:
        """Remember that a loop was turned, however that came about: what happened up to `as_of` asks no more."""
        self._store.add_turn(loop_name, execution, as_utc(as_of), code)

    def last_turn(self, loop_name: str, now: datetime) -> tuple[datetime | None, str]:
        """The moment the newest turn up to `now` looked from, and the fingerprint of its code."""
        turn, answered = self._store.last_turn(loop_name, now), self._store.answered(loop_name, now)
        moments = [moment for moment in (turn[0] if turn else None, answered) if moment is not None]
        return max(moments, default=None), turn[1] if turn else ""

    def turns(self, loop_name: str, now: datetime, *, since: datetime | None = None, limit: int = 100) -> Sequence[str]:
        """The executions of turns, also those by hand, that looked from after `since` and not after `now`; newest first."""
        return self._store.turns(loop_name, since, as_utc(now), limit)

    def last_coded(self, loop_name: str, now: datetime) -> datetime | None:
        """The moment that turn looked from whose code `last_turn` tells; a run that was refused its data leaves it be."""
        turn = self._store.last_turn(loop_name, now)
        return turn[0] if turn else None

    def expire(self, before: datetime, *, dry_run: bool = False) -> Forgotten:
        """Forget requests and turns older than a business moment that no occasion hangs on any more; see `forgettable`."""
        now = self._clock.now()
        requests = turns = 0
        for loop in self._store.loops():
            with self._database.transaction():
                self._take_turns(loop)
                last_turn, _ = self.last_turn(loop, now)
                gone = forgettable(self._store.ended(loop), before, last_turn)
                requests += len(gone)
                turns += self._store.forget_turns(loop, before, now, dry_run=dry_run)
                if not dry_run:
                    self._store.forget([each.id for each in gone])
        return Forgotten(requests, turns)

    # messages

    def receive(self, event: Event | Sequence[Event], *, via: str = "") -> Received:
        """Take messages into the inbox, each once by its source and id, all or none; `via` names the door they came by."""
        events = [event] if isinstance(event, Event) else list(event)
        now = self._clock.now()
        with self._database.transaction():
            new = sum(self._store.add_event(replace(one, via=via or one.via), now) for one in events)
        return Received(new, len(events) - new)

    def events(
        self,
        *,
        types: Collection[str] | None = None,
        source: str | None = None,
        subject: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 1_000,
    ) -> list[Event]:
        """The newest messages of the inbox that fit, in the order they came."""
        return self._store.events(types=types, source=source, subject=subject, since=since, until=until, limit=limit)

    def prune_events(self, older_than: str | timedelta = "30d", *, dry_run: bool = True) -> int:
        """Forget messages that came longer ago than that; how many (`dry_run`: would be) forgotten."""
        return self._store.prune_events(self._clock.now() - duration(older_than), dry_run=dry_run)

    # looking up

    def get(self, request: str) -> Request:
        """One request; raises `NotFound`."""
        found = self._store.get(request)
        if found is None:
            raise NotFound(
                f"There is no request {request!r}.",
                mend="List them with `treadle retrain list --all`.",
                field="request",
            )
        return found

    def list(
        self,
        loop_name: str | None = None,
        *,
        states: Collection[State] | None = None,
        all: bool = False,
        limit: int = 50,
    ) -> list[Request]:
        """Requests, newest first: those that ran or may run now; with `all` also what was held back or passed over."""
        shown: Collection[str] | None = states
        if states is None and not all:
            shown = ("waiting", "running", "succeeded", "refused", "failed", "timed out", "cancelled")
        return self._store.find(loop=loop_name, states=shown, limit=limit)

    # inside

    def _take_turns(self, loop: str) -> None:
        self._database.lock(f"retraining:{self._project}:{loop}")


def _id(request: Request | str) -> str:
    return request if isinstance(request, str) else request.id
