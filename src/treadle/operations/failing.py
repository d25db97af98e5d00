"""What fails in the controller: written down once, told as an alert, tried again a little later, and forgotten when it works."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from treadle.clock import Clock
from treadle.errors import Fenced, TreadleError
from treadle.evidence import Subject
from treadle.operations.memory import Memory

if TYPE_CHECKING:
    from treadle.operations.rooms import ControlRooms

_log = logging.getLogger("treadle.controller")
_SUBJECT = Subject("controller", "controller")
KEY = "failing:"
FIRST_SECONDS, LONGEST_SECONDS = 0.5, 60.0


@dataclass
class _Failure:
    words: str
    times: int
    next: float


class Failing:
    """The jobs that fail now; `due` says whether one may be tried (again)."""

    def __init__(self, rooms: ControlRooms, memory: Memory, clock: Clock) -> None:
        self._rooms = rooms
        self._memory = memory
        self._clock = clock
        self._now: dict[str, _Failure] = {}

    @property
    def words(self) -> dict[str, str]:
        """What is wrong, by `phase subject`."""
        return {job: failure.words for job, failure in self._now.items()}

    def load(self) -> None:
        """Take over what the last controller left."""
        self._now = {
            job: _Failure(found["words"], found["times"], 0.0) for job, found in self._memory.below(KEY).items()
        }

    def due(self, job: str) -> bool:
        """Whether a job may run: always when it worked, later and later when it keeps failing."""
        failure = self._now.get(job)
        return failure is None or self._clock.monotonic() >= failure.next

    def failed(self, job: str, words: str) -> None:
        """It went wrong; what is new is written down and told."""
        before = self._now.get(job)
        times = before.times + 1 if before else 1
        wait = min(FIRST_SECONDS * 2 ** (times - 1), LONGEST_SECONDS)
        self._now[job] = _Failure(words, times, self._clock.monotonic() + wait)
        if before is None or before.words != words:
            self._write(lambda: self._note(job, words, times))

    def worked(self, job: str) -> None:
        """It works (again)."""
        self._over(job, "It works again.")

    def about(self, phase: str) -> set[str]:
        """The subjects of a phase whose jobs fail now."""
        named = (job.partition(" ") for job in self._now)
        return {subject for name, _, subject in named if name == phase and subject}

    def settle(self, phase: str, subjects: Collection[str]) -> None:
        """What failed about a subject that is no more is over."""
        for subject in self.about(phase).difference(subjects):
            self._over(f"{phase} {subject}", "There is nothing to do about it any more.")

    def _over(self, job: str, why: str) -> None:
        if self._now.pop(job, None) is not None:
            self._write(lambda: self._forget(job, why))

    def _note(self, job: str, words: str, times: int) -> None:
        self._memory.put(KEY + job, {"words": words, "times": times, "since": self._clock.wall().isoformat()})
        title = f"The controller cannot {job}"
        self._rooms.alerts.raise_(f"controller/{job}", title, subject=_SUBJECT, summary=words)

    def _forget(self, job: str, why: str) -> None:
        self._memory.forget(KEY + job)
        self._rooms.alerts.resolve(f"controller/{job}", why)

    def _write(self, change: Callable[[], object]) -> None:
        """What cannot be written down now (a full disk) is at least in the log and in this process."""
        try:
            with self._rooms.database.transaction():
                change()
        except Fenced:
            raise
        except TreadleError as error:
            _log.error("a failure cannot be written down: %s", error)
