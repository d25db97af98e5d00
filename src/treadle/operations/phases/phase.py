"""What a phase is: a name and its jobs for a tick."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


def _no() -> bool:
    return False


@dataclass(frozen=True)
class Job:
    """One thing to do about one subject (an endpoint, a loop, a rollout); `run` says in sentences what it did.

    While it `goes_on` in a process of its own, having been begun is no sign that it works: a later job says how it ended.
    """

    subject: str
    run: Callable[[], Iterable[str]]
    goes_on: Callable[[], bool] = _no


class Phase(Protocol):
    """Part of a tick. Its jobs fail one by one: what goes wrong with one endpoint does not stop the others.

    One that is `whole` (an attribute it may have) names every subject at every tick: what it names no more has ended.
    """

    name: str

    def jobs(self, now: datetime) -> Iterable[Job]:
        """What there is to do at the business moment `now`; cheap when that is nothing."""
        ...
