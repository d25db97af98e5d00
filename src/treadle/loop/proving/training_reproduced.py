"""Does training twice give the same model?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from treadle.evidence import Verdict
from treadle.loop.learning import train
from treadle.loop.proving.project_check import ProjectCheck

if TYPE_CHECKING:
    from treadle.loop.proving.bench import Bench


@dataclass(frozen=True)
class TrainingReproduced(ProjectCheck):
    """Do two trainings on the same sample give equal metrics and equal files, candidate by candidate?"""

    def run(self, context: Bench) -> Verdict:
        """Train everything again on the rows of the sandbox's turn, with nothing reused, and compare every package digest."""
        loop, rooms, once = context.sandbox.loop, context.sandbox.rooms, context.turned.training
        if once is None:
            return Verdict.of(False, summary="The sandbox's turn did not come to training.")
        again = train(loop, context.turned.execution.output("split"), rooms.packager, rooms.tracker)
        first = {each.name: (each.package, each.metrics) for each in once.everything}
        second = {each.name: (each.package, each.metrics) for each in again.everything}
        differ = sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))
        said = f"{', '.join(differ)} came out differently" if differ else "all came out the same, to the last byte"
        return Verdict.of(
            not differ,
            value=len(differ),
            threshold=0,
            summary=f"{len(first)} models were trained twice on {context.sandbox.rows:,} rows: {said}.",
            packages={name: [first.get(name, ("",))[0], second.get(name, ("",))[0]] for name in sorted(first)},
        )
