"""Can the scores, the file and the training be trusted?"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import ClassVar

from treadle.evaluation.context import CandidateContext
from treadle.evidence import Check, Reaction, Stage, Verdict


@dataclass(frozen=True)
class Calibrated(Check[CandidateContext]):
    """Do probabilities come true as often as they say?

    `within` bounds the expected calibration error, between 0 and 1. Usually only warns: ranking can be right while sureness is off.

    >>> Calibrated(within=0.02, reaction="block").name
    'calibrated(within=0.02)'
    """

    stage: ClassVar[Stage] = "candidate"
    within: float = 0.05
    reaction: Reaction = field(default="warn", kw_only=True)

    def run(self, context: CandidateContext) -> Verdict:
        """Judge the expected calibration error on the test rows."""
        found = context.evaluation.calibration
        if found is None:
            return Verdict.skipped("The model gives no probabilities.")
        gaps = [abs(told - seen) for told, seen in zip(found.told, found.seen, strict=True)]
        worst = max(range(len(gaps)), key=gaps.__getitem__)
        return Verdict.of(
            found.error <= self.within,
            value=found.error,
            threshold=self.within,
            summary=(
                f"Probabilities are off by {found.error:.3f} on average; most where {found.told[worst]:.0%} was told "
                f"and {found.seen[worst]:.0%} came true."
            ),
            **asdict(found),
        )


@dataclass(frozen=True)
class ParityHolds(Check[CandidateContext]):
    """Does the packaged file answer like the trained model on real rows?

    The difference of scores (values for a regression) and the share of equal labels come from the certificate made at packaging.

    >>> ParityHolds().name
    'parity_holds'
    """

    stage: ClassVar[Stage] = "candidate"

    def run(self, context: CandidateContext) -> Verdict:
        """Judge the certificate made at packaging."""
        found = context.parity
        if found is None:
            return Verdict.skipped("The packaged file was not compared with the trained model.")
        said = "answers like" if found.passed else "does not answer like"
        why = f" Why: {found.reason.rstrip('.')}." if found.reason and not found.passed else ""
        return Verdict.of(
            found.passed,
            value=found.max_abs_difference,
            threshold=found.tolerance,
            summary=(
                f"The {context.format} file {said} the trained model on {found.rows:,} real rows: differences up to "
                f"{found.max_abs_difference:.2g}, {found.label_agreement:.2%} equal labels.{why}"
            ),
            **{name: value for name, value in asdict(found).items() if name != "passed"},
        )


@dataclass(frozen=True)
class Reproducible(Check[CandidateContext]):
    """Does training again on the same rows give the same model?

    Skipped where the model was trained only once.

    >>> Reproducible().name
    'reproducible'
    """

    stage: ClassVar[Stage] = "candidate"

    def run(self, context: CandidateContext) -> Verdict:
        """Judge whether the second training gave equal metrics and an equal file."""
        if context.reproducible is None:
            return Verdict.skipped("The model was trained only once.")
        said = "gave the same model" if context.reproducible else "gave another model"
        return Verdict.of(context.reproducible, summary=f"Training again {said}. {context.reproduction}".strip())
