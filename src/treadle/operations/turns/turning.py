"""Turn: what was asked for is turned in a process with a deadline, and its outcome recorded; the champion stays meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from treadle.evidence import Subject
from treadle.operations.ordered import COPIES
from treadle.operations.phases.phase import Job
from treadle.operations.spare import Spare
from treadle.operations.turns.order import TurnOrder, TurnReport
from treadle.operations.turns.process import TurnProcess

if TYPE_CHECKING:
    from treadle.loop import Loop
    from treadle.operations.lease import Lease
    from treadle.operations.limits import Limits
    from treadle.operations.loops import Loops
    from treadle.operations.memory import Memory
    from treadle.operations.rooms import ControlRooms
    from treadle.retraining import Request

KEY = "turn:"
LOST = "lost turns"  # runs that others began and left
TROUBLE = {"failed": "failed", "blocked": "was refused its data", "timed out": "was ended"}
_TELL_SECONDS = 2.0  # so often a run's sign of life is written down, and whether somebody cancelled it is looked up
_RECOVER_SECONDS = 30.0


@dataclass
class _Running:
    request: Request
    process: TurnProcess
    deadline: float
    told: float = 0.0


class Turning:
    """Starts requested turns, one at a time for each loop, watches them, ends those that hang, and records what came of them.

    What runs is remembered in the database: the next controller begins it again where its steps' cache ends, with the same
    `as_of`, and gives up with a reason after `attempts` deaths.
    """

    name = "turn"

    def __init__(self, rooms: ControlRooms, loops: Loops, memory: Memory, lease: Lease, limits: Limits) -> None:
        self._rooms = rooms
        self._loops = loops
        self._memory = memory
        self._lease = lease
        self._limits = limits
        self._running: dict[str, _Running] = {}
        self._spare = Spare[TurnProcess](partial(TurnProcess, rooms.clock), warm=limits.warm)
        self._recover_at = 0.0

    @property
    def running(self) -> dict[str, str]:
        """The loops that turn now, and at which step."""
        return {name: each.process.step or "starting" for name, each in self._running.items()}

    def jobs(self, now: datetime) -> Iterator[Job]:
        for name in list(self._running):
            yield Job(name, partial(self._look_after, name))
        machine = self._rooms.clock.monotonic()
        if machine >= self._recover_at:
            self._recover_at = machine + _RECOVER_SECONDS
            yield Job(LOST, partial(self._recover, now))
        if len(self._running) < self._limits.together:
            for loop in self._loops:
                if loop.name not in self._running:
                    yield Job(loop.name, partial(self._begin_next, loop, now))

    def prepare(self) -> None:
        """Start the process of the next turn ahead of its order, if that is wanted."""
        comes_back = COPIES and len(self._running) >= self._limits.together
        if not comes_back and len(list(self._loops)):
            self._spare.prepare()

    def abandon(self, *, politely: bool = False) -> None:
        """End every turn's process; what they did is taken up by whoever holds the lease next.

        `politely` is for a controller that stops by itself: that is no death of the turn, and is not counted as one.
        """
        for name, each in list(self._running.items()):
            each.process.end()
            del self._running[name]
            if politely:
                held = self._memory.get(KEY + name)
                if held is not None:
                    self._memory.put(KEY + name, {**held, "attempts": max(0, held["attempts"] - 1)})
        self._spare.drop()

    # beginning

    def _begin_next(self, loop: Loop, now: datetime) -> Iterator[str]:
        if len(self._running) >= self._limits.together:
            return
        held = self._memory.get(KEY + loop.name)
        if held is not None:
            yield from self._again(loop, held, now)
            return
        request = self._rooms.retraining.next(loop.name)
        if request is None:
            return
        moment = min(request.as_of or now, now)  # a clock that was set back must not make it the future
        held = {"request": request.id, "as_of": moment.isoformat(), "attempts": 1, "reason": request.reason}
        with self._rooms.database.transaction():
            # the moment goes with it: what came in since the tick began is seen by no turn yet, and must ask for the next
            request = self._rooms.retraining.start(request, as_of=moment)
            self._memory.put(KEY + loop.name, held)
        self._start(loop, request, held)
        yield f"{loop.name} turns: {held['reason']}"

    def _again(self, loop: Loop, held: dict[str, Any], now: datetime) -> Iterator[str]:
        """Take up a turn whose controller died."""
        request = self._rooms.retraining.get(held["request"])
        if request.state != "running":  # somebody ended it meanwhile
            self._memory.forget(KEY + loop.name)
            return
        if held["attempts"] >= self._limits.attempts:
            why = f"The controller or the turn died {held['attempts']} times while {loop.name} turned."
            self._finish(loop.name, request, TurnReport(outcome="failed", why=why), 0.0)
            yield f"{loop.name} is given up: {why}"
            return
        moment = min(datetime.fromisoformat(held["as_of"]), now)
        held = {**held, "as_of": moment.isoformat(), "attempts": held["attempts"] + 1}
        self._memory.put(KEY + loop.name, held)
        self._start(loop, request, held)
        yield f"{loop.name} turns again (attempt {held['attempts']}): {held['reason']}"

    def _start(self, loop: Loop, request: Request, held: dict[str, Any]) -> None:
        process = self._spare.take()
        deadline = min(self._limits.deadline, loop.retrain_plan.deadline.total_seconds())
        self._running[loop.name] = _Running(request, process, deadline)
        fence = self._lease.fence
        process.give(
            TurnOrder(
                root=str(self._rooms.config.root),
                file=str(self._loops.file_of(loop)),
                loop=loop.name,
                as_of=held["as_of"],
                trigger=held["reason"],
                request=held["request"],
                project=fence.project,
                lease=fence.lease,
                epoch=fence.epoch,
            )
        )

    # looking after

    def _look_after(self, name: str) -> Iterator[str]:
        each = self._running[name]
        process, seconds = each.process, each.process.seconds
        report = process.finished() or self._overdue(each)
        if report is None:
            if seconds - each.told >= _TELL_SECONDS:
                each.told = seconds
                yield from self._tell(name, each, seconds)
            return
        self._finish(name, each.request, report, seconds)
        del self._running[name]
        self._spare.give_back(process)  # not before: what could not be recorded is looked at again
        made = f" (version {report.version})" if report.version is not None else ""
        yield f"{name} turned: {report.outcome}{made}. {report.why}"

    def _overdue(self, each: _Running) -> TurnReport | None:
        why = each.process.overdue(each.deadline, self._limits.silence)
        return TurnReport(outcome="timed out", why=why) if why else None

    def _tell(self, name: str, each: _Running, seconds: float) -> Iterator[str]:
        """Write down that it goes on, and stop it when somebody cancelled it."""
        self._rooms.retraining.beat(each.request, seconds)
        if self._rooms.retraining.get(each.request.id).state != "running":
            each.process.end()
            self._memory.forget(KEY + name)
            del self._running[name]
            yield f"{name} was stopped: its request was cancelled"

    def _finish(self, name: str, request: Request, report: TurnReport, seconds: float) -> None:
        """The outcome and the end of the turn are one change: a death before it begins the turn again, after it nothing."""
        with self._rooms.database.transaction():
            if self._rooms.retraining.get(request.id).state == "running":
                self._rooms.retraining.finish(
                    request, report.outcome, version=report.version, seconds=seconds, why=report.why
                )
            self._memory.forget(KEY + name)
            self._say(name, report)

    def _say(self, name: str, report: TurnReport) -> None:
        """A turn that came to nothing is told; the next that comes to something ends that."""
        if report.outcome in TROUBLE:
            title = f"A turn of {name} {TROUBLE[report.outcome]}; the champion stays"
            subject = Subject("loop", name)
            self._rooms.alerts.raise_(f"turn/{name}", title, subject=subject, summary=report.why)
        else:
            self._rooms.alerts.resolve(f"turn/{name}", f"A turn came through: {report.outcome}.")

    def _recover(self, now: datetime) -> Iterator[str]:
        """End what others began and left: a run by hand whose process died."""
        known = {loop.name for loop in self._loops} | set(self._running)
        ours = [held["request"] for name, held in self._memory.below(KEY).items() if name in known]
        for request in self._rooms.retraining.recover(now, keep=ours):
            yield f"{request.loop}: {request.why}"
