"""A process that asks project checks."""

from __future__ import annotations

from collections.abc import Sequence

from treadle.clock import Clock
from treadle.operations.ordered import OrderedProcess
from treadle.operations.proofs.order import ProofReport


class ProofProcess(OrderedProcess[ProofReport]):
    """The process that asks the checks of one loop that are due; `again` and `modules` are as for a turn."""

    def __init__(self, clock: Clock, *, modules: Sequence[str] = (), again: bool = False) -> None:
        name = "The process that asks the project checks"
        super().__init__(clock, "treadle.cli.proving", name, ProofReport, modules=modules, again=again)

    def finished(self) -> ProofReport | None:
        """What came of it, once it is over; what a process recorded before it died without a word is on record."""
        if not self.over():
            return None
        if self.report is None:
            return ProofReport(why=f"The process that asks the project checks ended {self.how()}{self.where}.")
        return self.report
