"""A process that turns a loop: started ahead of its order when asked for."""

from __future__ import annotations

from collections.abc import Sequence

from treadle.clock import Clock
from treadle.operations.ordered import OrderedProcess
from treadle.operations.turns.order import TurnReport


class TurnProcess(OrderedProcess[TurnReport]):
    """The process of one turn, or `again` of one after the other; `modules` are what the loop will need, imported ahead."""

    def __init__(self, clock: Clock, *, modules: Sequence[str] = (), again: bool = False) -> None:
        super().__init__(clock, "treadle.cli.turning", "A turn's process", TurnReport, modules=modules, again=again)

    def finished(self) -> TurnReport | None:
        """What came of the turn, once it is over; a process that died without a word has failed."""
        if not self.over():
            return None
        if self.report is None:
            return TurnReport(outcome="failed", why=f"The turn's process ended {self.how()}{self.where}.")
        return self.report
