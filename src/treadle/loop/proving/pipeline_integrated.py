"""Does the whole pipeline run, from the source to an answer?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from treadle.evidence import Verdict
from treadle.loop.proving.answering import ASKED, difference
from treadle.loop.proving.project_check import ProjectCheck

if TYPE_CHECKING:
    from treadle.loop.proving.bench import Bench

TOLERANCE = 1e-4  # between a served score and one from joined features, both float32


@dataclass(frozen=True)
class PipelineIntegrated(ProjectCheck):
    """Does the loop, turned on a sample of its rows, end in an endpoint that answers as training would?

    Every step runs in a folder of its own; the served answers are held against features joined for the same instant.
    """

    def run(self, context: Bench) -> Verdict:
        """Turn, ask, compare."""
        turn = context.turned
        steps = {step.name: round(step.seconds or 0.0, 3) for step in turn.execution.steps}
        if turn.version is None or turn.release is None or turn.release.outcome not in ("promoted", "kept"):
            said = turn.release.reason if turn.release else turn.execution.error
            return Verdict.of(False, summary=f"The sandbox's turn released nothing: {said}", steps=steps)
        worst = difference(context.sandbox, context.sandbox.loop, turn)
        return Verdict.of(
            worst <= TOLERANCE,
            value=worst,
            threshold=TOLERANCE,
            summary=(
                f"{len(steps)} steps on {context.sandbox.rows:,} rows ended in an endpoint; {ASKED} served answers differ from "
                f"those on joined features by at most {worst:.1g}."
            ),
            steps=steps,
            seconds=sum(steps.values()),
        )
