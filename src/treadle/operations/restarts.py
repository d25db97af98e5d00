"""When a process that died is started again: a pure decision."""

from __future__ import annotations

from dataclasses import dataclass

LIVED_SECONDS = 10.0
"""A process that lived so long had started well; its death counts as the first."""

FIRST_SECONDS, LONGEST_SECONDS = 0.1, 10.0
MOST_DEATHS = 8
"""So many deaths in a row, each soon after its start, and nothing will help."""


@dataclass
class Restarts:
    """The recent deaths of one process.

    >>> restarts = Restarts(); restarts.started(0.0); restarts.died(1.0), restarts.due(1.05), restarts.due(1.1)
    (False, False, True)
    """

    deaths: int = 0
    start: float = 0.0
    next: float = 0.0

    def started(self, now: float) -> None:
        """It was started."""
        self.start = now

    def died(self, now: float) -> bool:
        """It died; whether to give up."""
        self.deaths = 1 if now - self.start >= LIVED_SECONDS else self.deaths + 1
        self.next = now + min(FIRST_SECONDS * 2 ** (self.deaths - 1), LONGEST_SECONDS)
        return self.deaths >= MOST_DEATHS

    def due(self, now: float) -> bool:
        """Whether it is time to start it again."""
        return now >= self.next
