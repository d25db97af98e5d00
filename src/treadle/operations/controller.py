"""The controller: what makes the loop turn by itself, tick by tick, under a lease."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from treadle.clock import Clock
from treadle.errors import Fenced, TreadleError
from treadle.operations.failing import Failing
from treadle.operations.lease import Lease
from treadle.operations.limits import Limits
from treadle.operations.loops import Loops
from treadle.operations.memory import Memory
from treadle.operations.phases import (
    Collecting,
    Considering,
    Delivering,
    Expiring,
    Job,
    Phase,
    Proving,
    Repairing,
    Rolling,
    Starting,
    Telling,
    Watching,
)
from treadle.operations.phases.expiring import REQUESTS, UNITS
from treadle.operations.rooms import has_room
from treadle.operations.standing import STATUS
from treadle.operations.tick import Tick
from treadle.operations.turns import Turning
from treadle.operations.turns.turning import LOST

if TYPE_CHECKING:
    from treadle.loop import Loop
    from treadle.operations.rooms import ControlRooms

_log = logging.getLogger("treadle.controller")
BY_ITSELF = "treadle"  # the principal of what no person did
_STUCK_SECONDS = 1_800.0  # a job that takes longer has hung: the lease is left to others
Observer = Callable[[str, str], object]


class Controller:
    """Collects predictions, advances rollouts, watches, alerts, decides to retrain, turns loops and delivers messages.

    `loops` are the loops to look after, or the file that declares them (read again when it changes). Only the holder of the
    lease acts, and whatever it writes carries the lease's epoch. A job that fails is recorded, told and tried again; it stops no
    other. `on_phase` hears of each phase and subject before its job runs.
    """

    def __init__(
        self,
        workspace: ControlRooms,
        loops: Sequence[Loop] | Path,
        *,
        clock: Clock | None = None,
        lease: Lease | None = None,
        limits: Limits | None = None,
        on_phase: Observer | None = None,
    ) -> None:
        self._rooms = workspace
        self._clock = clock or workspace.clock
        self._database = workspace.database
        self.lease = lease or Lease(self._database, project=workspace.project, clock=self._clock)
        self.loops = Loops(loops)
        self.memory = Memory(self._database, project=workspace.project, clock=self._clock)
        self._failing = Failing(workspace, self.memory, self._clock)
        self._on_phase = on_phase or (lambda _phase, _subject: None)
        self._telling = Telling(workspace, self.loops, self.memory)
        limits = limits or Limits()
        self._turning = Turning(workspace, self.loops, self.memory, self.lease, limits)
        self._proving = Proving(workspace, self.loops, self.lease, limits)
        self._phases = self._all_phases()
        self._lasting = self._all_lasting()
        self._written: tuple[object, float] | None = None
        self._ticks = 0
        self._job_since = self._clock.monotonic()

    def tick(self, now: datetime | None = None) -> Tick:
        """Do once whatever is due at the business moment `now` (default: the clock's); never raises for a job that fails.

        Without the lease it tries to take it, and does nothing when another controller lives.
        """
        begun, moment = self._clock.monotonic(), now or self._clock.now()
        done: list[str] = []
        try:
            if not self.lease.held and not self._take_over(done):
                return Tick(moment, 0, seconds=self._clock.monotonic() - begun)
            with self._acting():
                self._run_phases(moment, done)
                self._write_status(moment)
        except Fenced as lost:
            self._lost(lost)
            return Tick(moment, 0, tuple(done), {"lease": str(lost)}, seconds=self._clock.monotonic() - begun)
        except TreadleError as error:  # not even the lease can be kept: a full disk, a database that is away
            _log.error("tick: %s", error)
            words = {**self._failing.words, "tick": str(error)}
            return Tick(moment, self.lease.epoch, tuple(done), words, self.turning, self._clock.monotonic() - begun)
        self._ticks += 1
        seconds = self._clock.monotonic() - begun
        return Tick(moment, self.lease.epoch, tuple(done), self.failures, self.turning, seconds)

    def run(
        self, stop: threading.Event, *, every: float = 1.0, on_tick: Callable[[Tick], object] | None = None
    ) -> None:
        """Tick every so many seconds until `stop` is set; the lease is kept beside, however long a tick takes."""
        beating = threading.Thread(target=self._beat, args=(stop,), name="lease", daemon=True)
        beating.start()
        try:
            while not stop.is_set():
                tick = self.tick()
                if on_tick is not None:
                    on_tick(tick)
                stop.wait(every)
        finally:
            self.close()

    @property
    def failures(self) -> dict[str, str]:
        """What is wrong now, by `phase subject`."""
        return self._failing.words

    @property
    def turning(self) -> dict[str, str]:
        """The loops that turn now, each with its step."""
        return self._turning.running

    def wait_for_turns(self, seconds: float, *, look: float = 0.02) -> tuple[str, ...]:
        """Look after nothing but turns until none runs, for at most so many seconds of operations time; what was done."""
        until, done = self._clock.monotonic() + seconds, list[str]()
        while self._turning.running and self.lease.held and self._clock.monotonic() < until:
            threading.Event().wait(look)
            self._look_after(self._turning, done)
        return tuple(done)

    @property
    def proving(self) -> dict[str, str]:
        """The loop whose project checks are asked now, with the check."""
        return self._proving.running

    def wait_for_proofs(self, seconds: float, *, look: float = 0.02) -> tuple[str, ...]:
        """Have every project check asked that is due now, for at most so many seconds of operations time; what was done."""
        until, done, idle = self._clock.monotonic() + seconds, list[str](), self._proving not in self._phases
        while not idle and self.lease.held and self._clock.monotonic() < until:
            if not (before := self.proving):
                self._proving.hasten()
            self._look_after(self._proving, done)
            idle = not before and not self.proving and not self._proving.retries
            threading.Event().wait(0 if idle else look)
        return tuple(done)

    def close(self) -> None:
        """End what was started and let the next controller take over at once."""
        try:
            if self.lease.held:
                with self._acting():
                    self._proving.abandon()  # before the next holder can ask the same
                    self._turning.abandon(politely=True)
                    self.lease.release()
        except TreadleError as error:
            _log.warning("closing: %s", error)
        finally:
            self._stop()

    # inside

    def _all_phases(self) -> tuple[Phase, ...]:
        rooms, loops = self._rooms, self.loops
        wanted: tuple[tuple[Phase, tuple[str, ...]], ...] = (
            (Repairing(rooms, lambda: self._turning.running), ("rollouts",)),
            (Collecting(rooms), ("observations",)),
            (Expiring(rooms), ("observations", "rollouts", "retraining")),
            (Rolling(rooms), ("rollouts", "observations")),
            (Starting(rooms, loops), ("rollouts", "retraining")),
            (Watching(rooms, loops), ("monitoring",)),
            (self._telling, ("alerts",)),
            (Considering(rooms, loops), ("retraining", "situation")),
            (self._turning, ("retraining",)),
            (self._proving, ("bench", "readiness", "alerts", "rollouts")),
            (Delivering(rooms), ("delivery",)),
        )
        return tuple(phase for phase, needs in wanted if all(has_room(rooms, need) for need in needs))

    def _all_lasting(self) -> dict[str, Callable[[], set[str]]]:
        """What the phases that name only what is due are about, due or not."""
        rooms, loops = self._rooms, self.loops
        return {
            self._turning.name: lambda: {LOST, *(loop.name for loop in loops)},
            self._proving.name: lambda: self._proving.subjects,
            Expiring.name: lambda: {UNITS, REQUESTS, *rooms.observations.endpoints()},
        }

    def _take_over(self, done: list[str]) -> bool:
        if not self.lease.try_acquire():
            return False
        try:
            self._rooms.endpoints.take_over(self.lease.epoch)
            self._failing.load()
        except (
            TreadleError
        ):  # a full disk: whoever acts must first have shut the last holder out of the endpoints' files too
            with suppress(TreadleError):
                self.lease.release()
            self.lease.lose()
            raise
        self._telling.forget()
        self._written = None
        done.append(f"took the lease (epoch {self.lease.epoch})")
        _log.info("took the lease, epoch %d", self.lease.epoch)
        return True

    @contextmanager
    def _acting(self) -> Iterator[None]:
        fenced, serving = self._database.fenced(self.lease.fence), self._rooms.endpoints.acting(self.lease.epoch)
        with fenced, serving, self._rooms.ledger.acting(BY_ITSELF):
            yield

    def _run_phases(self, moment: datetime, done: list[str]) -> None:
        self.lease.keep()
        self._attempt("load", Job("loops", self._refresh), done)
        for phase in self._phases:
            jobs, subjects = self._jobs(phase, moment)
            for job in jobs:
                self.lease.keep()
                self._attempt(phase.name, job, done)
            if subjects is not None:
                self._failing.settle(phase.name, subjects)
        self._turning.prepare()

    def _look_after(self, phase: Phase, done: list[str]) -> None:
        """One phase alone."""
        try:
            with self._acting():
                self.lease.keep()
                jobs, _ = self._jobs(phase, self._clock.now())
                for job in jobs:
                    self._attempt(phase.name, job, done)
        except Fenced as lost:
            self._lost(lost)

    def _refresh(self) -> Iterator[str]:
        if self.loops.refresh():
            yield f"loops: {', '.join(loop.name for loop in self.loops)}"

    def _jobs(self, phase: Phase, moment: datetime) -> tuple[list[Job], Collection[str] | None]:
        """What there is to do, and all that the phase is still about: None where that is not known now."""
        found: list[Job] = []
        known: list[Collection[str] | None] = []

        def look() -> Iterator[str]:
            found.extend(phase.jobs(moment))
            known.append(self._subjects(phase, {job.subject for job in found}))
            yield from ()

        self._attempt(phase.name, Job("", look), [])
        return found, known[0] if known else None  # a look that broke off, or rests after it did, says nothing

    def _subjects(self, phase: Phase, listed: set[str]) -> Collection[str] | None:
        if self.loops.broken:  # loops that cannot be read are not gone
            return None
        if getattr(phase, "whole", False):
            return listed
        lasting = self._lasting.get(phase.name)
        return None if lasting is None or not self._failing.about(phase.name) else listed | lasting()

    def _attempt(self, phase: str, job: Job, done: list[str]) -> None:
        """Run one job; what it raises is written down and told, and stops no other."""
        name = f"{phase} {job.subject}".strip()
        if not self._failing.due(name):
            return
        self._on_phase(phase, job.subject)
        self._job_since = self._clock.monotonic()
        try:
            done.extend(job.run())
        except Fenced:
            raise
        except Exception as error:  # noqa: BLE001 - a broken check or a corrupt log must not stop the others
            words = str(error) if isinstance(error, TreadleError) else f"{type(error).__name__}: {error}"
            _log.warning("%s: %s", name, words, exc_info=not isinstance(error, TreadleError))
            self._failing.failed(name, words)
        else:
            if not job.goes_on():
                self._failing.worked(name)

    def _write_status(self, moment: datetime) -> None:
        """Say how things are: when something changed, and now and then."""
        state = (self.lease.epoch, self._failing.words, self._turning.running, self._proving.running)
        machine = self._clock.monotonic()
        if self._written is not None and self._written[0] == state and machine - self._written[1] < 2.0:
            return
        self._written = (state, machine)
        self.memory.put(
            STATUS,
            {
                "holder": self.lease.holder,
                "epoch": self.lease.epoch,
                "business": moment.isoformat(),
                "tick": self._clock.wall().isoformat(),
                "ticks": self._ticks,
                "failures": self._failing.words,
                "turning": self._turning.running,
                "proving": self._proving.running,
            },
        )

    def _lost(self, why: Fenced) -> None:
        _log.warning("%s", why)
        self._stop()

    def _stop(self) -> None:
        self._proving.abandon()
        self._turning.abandon()
        self.lease.lose()

    def _beat(self, stop: threading.Event) -> None:
        while not stop.wait(self.lease.seconds / 4):
            stuck = self._clock.monotonic() - self._job_since > _STUCK_SECONDS
            if stuck and self.lease.held:
                _log.error("a job has been running for over %g s; the lease is left to others", _STUCK_SECONDS)
            elif self.lease.held:
                try:
                    self.lease.keep()
                except TreadleError as error:  # the tick notices it too, and stops acting
                    _log.warning("keeping the lease: %s", error)
