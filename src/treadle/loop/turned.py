"""What one turn of the loop passes from step to step: plain values that are kept, cached and shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from treadle.datasets import DatasetVersion
from treadle.evaluation import Comparison, Evaluation


@dataclass(frozen=True)
class Ingest:
    """The dataset version of each source, by name."""

    versions: dict[str, DatasetVersion]


@dataclass(frozen=True)
class Validation:
    """How many anomalies that only warn were found in each source."""

    warnings: dict[str, int]


@dataclass(frozen=True)
class CandidateModel:
    """One trained candidate as a model file."""

    name: str
    package: str  # digest
    format: str
    run: str
    params: dict[str, object]
    metrics: dict[str, float]  # on the validation rows
    seconds: float
    contributions: dict[str, float] = field(default_factory=dict)  # mean absolute contribution of each feature


@dataclass(frozen=True)
class Training:
    """Every candidate, best first, and the simple models they have to beat."""

    metric: str
    candidates: tuple[CandidateModel, ...]
    baseline: CandidateModel
    simple: CandidateModel
    failed: dict[str, str] = field(default_factory=dict)
    again: str = ""  # the best one's package when it was trained a second time; empty when nobody asked for that

    @property
    def reproduced(self) -> bool | None:
        """Whether training the best one again gave the same file; None when it was not tried."""
        return self.again == self.best.package if self.again else None

    @property
    def best(self) -> CandidateModel:
        """The candidate with the best validation metric."""
        return self.candidates[0]

    @property
    def everything(self) -> tuple[CandidateModel, ...]:
        """Candidates and rivals."""
        return (*self.candidates, self.baseline, self.simple)


@dataclass(frozen=True)
class Judgement:
    """The best candidate's evaluation on the test rows beside its rivals', on the same rows."""

    evaluation: Evaluation
    baseline: Evaluation
    simple: Evaluation
    champion: Evaluation | None
    to_baseline: Comparison
    to_simple: Comparison
    to_champion: Comparison | None
    reference: dict[str, Any] = field(default_factory=dict)  # what monitors compare with (see `monitoring.Reference`)
    score_shift: float | None = None  # how much higher than the champion it scored on average (two classes)


@dataclass(frozen=True)
class Registration:
    """The model version that came out of this turn."""

    model: str
    number: int
    package: str


@dataclass(frozen=True)
class Release:
    """What became of the version: promoted, rollout (it takes over step by step), waiting (for another rollout to end), kept
    (as it was) or refused."""

    model: str
    number: int
    outcome: str
    reason: str
