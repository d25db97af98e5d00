"""Prove: the checks of the project itself, when their last answers grow old, and an alert where evidence expired."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from treadle.clock import duration
from treadle.errors import Conflict, NotFound, TreadleError, Unavailable
from treadle.evidence import Subject
from treadle.loop import due_checks
from treadle.operations.phases.occasionally import Occasionally
from treadle.operations.phases.phase import Job
from treadle.operations.proofs import ProofOrder, ProofProcess
from treadle.operations.spare import Spare

if TYPE_CHECKING:
    from treadle.loop import Loop
    from treadle.operations.lease import Lease
    from treadle.operations.limits import Limits
    from treadle.operations.loops import Loops
    from treadle.operations.rooms import ControlRooms

AGAIN = ("skipped", "error")  # the statuses that are no answer
LOOK = timedelta(days=1)  # between two looks at what is due
EXPIRY = timedelta(days=7)  # between two looks for evidence that expired
DRILL = "rollback_drill"
BY_ITSELF = "treadle"  # the principal of what no person did
REST = (
    4.0  # times as long as a process worked, what came to nothing is not asked again: a replayed day passes in a moment
)
_LOOKED_AT = 200
_CHECKS, _DRILL, _EXPIRED = "checks of ", "rollback of ", "expired evidence"


@dataclass(frozen=True)
class _Running:
    loop: str
    process: ProofProcess


class Proving:
    """Asks each served loop's project checks, and drills its rollback, before the evidence expires; says what expired all the same.

    The checks are asked in a process of their own, one at a time, and only where some are due. One that dies, hangs or takes too
    long is begun again with what is still due; after `attempts` of them in a row that waits for the next day. An expired proof
    raises an alert and costs a point of the ML Test Score; it takes nothing out of service.
    """

    name = "prove"

    def __init__(self, rooms: ControlRooms, loops: Loops, lease: Lease, limits: Limits) -> None:
        self._rooms = rooms
        self._loops = loops
        self._lease = lease
        self._limits = limits
        self._done = Occasionally()
        self._running: _Running | None = None
        self._spare = Spare[ProofProcess](partial(ProofProcess, rooms.clock), warm=limits.warm)
        self._rest_until = 0.0
        self._failed = Counter[str]()
        self._unanswered = set[tuple[str, str]]()  # loop and check

    @property
    def running(self) -> dict[str, str]:
        """The loop whose checks are asked now, and which of them."""
        each = self._running
        return {} if each is None else {each.loop: each.process.step or "starting"}

    @property
    def retries(self) -> bool:
        """Whether checks wait for a process that died, hung or took too long to be followed by another."""
        return any(self._failed.values())

    @property
    def subjects(self) -> set[str]:
        """What its jobs are about, whether or not they are due."""
        loops = [loop.name for loop in self._loops] if self._rooms.config.controller.prove else []
        return {_EXPIRED, *loops, *(_DRILL + name for name in loops)}

    def jobs(self, now: datetime) -> Iterator[Job]:
        if self._running is not None:
            name = self._running.loop
            yield Job(name, self._look_after, partial(self._asks, name))
        every = self._rooms.config.controller.prove
        free = self._running is None and not self._loops.broken
        for loop in self._loops if every else ():
            name, served = loop.name, partial(self._served, loop.name)
            if free and self._done.due(_CHECKS + name, now, LOOK) and served():
                yield Job(name, partial(self._begin, loop, every, now), partial(self._asks, name))
            if self._done.due(_DRILL + name, now, LOOK) and served():
                yield Job(_DRILL + name, partial(self._drill, name, every, now))
        if self._done.due(_EXPIRED, now, EXPIRY):
            yield Job(_EXPIRED, partial(self._expired, now))

    def hasten(self) -> None:
        """Look for checks that are due at the next tick, without rest and without waiting for the next day."""
        self._rest_until = 0.0
        for loop in self._loops:
            self._done.forget(_CHECKS + loop.name)

    def abandon(self) -> None:
        """End the process; the next controller asks what is still due."""
        if self._running is not None:
            self._running.process.end()
            self._done.forget(_CHECKS + self._running.loop)
            self._running = None
        self._spare.drop()

    # asking

    def _served(self, name: str) -> bool:
        try:
            self._rooms.registry.get(name, "champion")
        except NotFound:
            return False
        return True

    def _asks(self, name: str) -> bool:
        return self._running is not None and self._running.loop == name

    def _rests(self) -> bool:
        return self._rooms.clock.monotonic() < self._rest_until

    def _begin(self, loop: Loop, every: str, now: datetime) -> Iterator[str]:
        if self._running is not None:
            return
        self._done.mark(_CHECKS + loop.name, now)
        with self._rooms.bench(loop) as bench:
            due = due_checks(bench, every=every, principal=BY_ITSELF)
        if not due or (self._rests() and self._unanswered >= {(loop.name, check.name) for check in due}):
            return
        process, fence = self._spare.take(), self._lease.fence
        self._running = _Running(loop.name, process)
        process.give(
            ProofOrder(
                root=str(self._rooms.config.root),
                file=str(self._loops.file_of(loop)),
                loop=loop.name,
                checks=tuple(check.name for check in due),
                moment=now.isoformat(),
                project=fence.project,
                lease=fence.lease,
                epoch=fence.epoch,
            )
        )
        yield from ()

    def _look_after(self) -> Iterator[str]:
        each = self._running
        if each is None:
            return
        process, seconds = each.process, each.process.seconds
        report = process.finished()
        why = process.overdue(self._limits.deadline, self._limits.silence) if report is None else report.why
        if report is None and not why:
            return
        self._spare.give_back(process)
        self._running = None
        self._rest_until = self._rooms.clock.monotonic() + REST * seconds
        if report is None or why:
            raise self._broken(each.loop, why)
        self._failed.pop(each.loop, None)
        self._unanswered = {pair for pair in self._unanswered if pair[0] != each.loop}
        self._unanswered |= {(each.loop, answer.check) for answer in report.answers if answer.status in AGAIN}
        for answer in report.answers:
            yield f"{answer.check} of {each.loop}: {answer.status}"

    def _broken(self, name: str, why: str) -> TreadleError:
        """What is told of a process that did not come to its end; it is begun again, but not for ever."""
        self._failed[name] += 1
        if self._failed[name] < self._limits.attempts:
            self._done.forget(_CHECKS + name)
            self._rest_until = 0.0
            return Unavailable(why, mend="The checks that are still due are asked again.")
        times = self._failed.pop(name)
        return Unavailable(f"{why} That was the {times}. time in a row.", mend="It is tried again in a day.")

    # the rest

    def _drill(self, name: str, every: str, now: datetime) -> Iterator[str]:
        self._done.mark(_DRILL + name, now)
        drills = self._rooms.ledger.find(check=DRILL, subject_kind="model_version", limit=_LOOKED_AT)
        newest = next((each for each in drills if each.subject.id.startswith(f"{name}@")), None)
        if newest is not None and abs(now - newest.business_at) < duration(every):
            return
        try:
            evidence = self._rooms.rollouts.drill(name, by=BY_ITSELF)
        except Conflict:  # there is no version before the first
            return
        yield f"{evidence.check} of {name}: {evidence.verdict.status}"

    def _expired(self, now: datetime) -> Iterator[str]:
        self._done.mark(_EXPIRED, now)
        for result in self._rooms.readiness.results(now):
            key, subject = f"readiness/{result.test.id}", Subject("readiness", result.test.id)
            if result.expired:
                title = f"The evidence for “{result.test.title}” has expired"
                self._rooms.alerts.raise_(key, title, subject=subject, severity="info", summary=result.why)
                yield f"{result.test.id} has expired"
            elif result.proofs:  # what it says, and be it that the check failed, is told elsewhere
                self._rooms.alerts.resolve(key, "There is fresh evidence.")
