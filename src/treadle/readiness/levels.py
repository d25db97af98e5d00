"""Maturity levels: Google's 0 to 2 and Microsoft's 0 to 4, each criterion answered by tests of the score.

Sources: Google Cloud, "MLOps: Continuous delivery and automation pipelines in machine learning" (2020); Microsoft, "Machine
learning operations maturity model" (Azure Architecture Center).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Criterion:
    """One thing a level asks for, the tests that show it, and the points each of them must have."""

    title: str
    tests: tuple[str, ...]
    points: float = 1.0


@dataclass(frozen=True)
class Level:
    """A level, and what it asks for beyond the levels below it."""

    number: int
    title: str
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True)
class Standing:
    """A level with the criteria met and those missing."""

    level: Level
    met: tuple[Criterion, ...]
    missing: tuple[Criterion, ...]


@dataclass(frozen=True)
class Maturity:
    """Where a project stands on one scale: the highest level whose criteria, and all those below, are met."""

    scale: str
    standings: tuple[Standing, ...]

    @property
    def reached(self) -> int:
        """The number of the level."""
        best = 0
        for standing in self.standings:
            if standing.missing:
                break
            best = standing.level.number
        return best


GOOGLE = (
    Level(0, "Manual process", ()),
    Level(
        1,
        "The pipeline is automated",
        (
            Criterion("Data is validated by itself", ("data-1",)),
            Criterion("Models are validated before they serve", ("infrastructure-4",)),
            Criterion("Training is repeatable", ("infrastructure-1",)),
            Criterion("Features are the same in training and serving", ("monitoring-3",)),
            Criterion("The age of models is watched and quality monitored", ("monitoring-4", "monitoring-7")),
            Criterion("Live inputs are validated", ("monitoring-2",)),
        ),
    ),
    Level(
        2,
        "Building, testing and delivering the pipeline is automated",
        (
            Criterion("What declares the model is reviewed and in version control", ("model-1",), 0.5),
            Criterion("Feature code and model specs are tested by themselves", ("data-7", "infrastructure-2")),
            Criterion("The pipeline is integration tested by itself", ("infrastructure-3",)),
            Criterion("Releases are gradual and can be taken back", ("infrastructure-6", "infrastructure-7")),
            Criterion("Serving performance is watched", ("monitoring-6",)),
        ),
    ),
)

MICROSOFT = (
    Level(0, "No MLOps", ()),
    Level(
        1,
        "DevOps but no MLOps",
        (
            Criterion("Code is in version control", ("model-1",), 0.5),
            Criterion("Code is tested by itself", ("infrastructure-2", "data-7")),
        ),
    ),
    Level(
        2,
        "Automated training",
        (
            Criterion("Training can be repeated", ("infrastructure-1",)),
            Criterion("The pipeline runs and is tested by itself", ("infrastructure-3",)),
            Criterion("Data and settings are on record", ("data-1", "model-3")),
        ),
    ),
    Level(
        3,
        "Automated model deployment",
        (
            Criterion("Models are validated before they serve", ("infrastructure-4",)),
            Criterion("Releases are gradual and can be taken back", ("infrastructure-6", "infrastructure-7")),
            Criterion("An answer can be traced to its model and data", ("infrastructure-5",)),
        ),
    ),
    Level(
        4,
        "Full MLOps, automated operations",
        (
            Criterion("Inputs, skew and quality are monitored", ("monitoring-2", "monitoring-3", "monitoring-7")),
            Criterion("The age of models is watched", ("monitoring-4",)),
            Criterion("Serving performance and stability are watched", ("monitoring-5", "monitoring-6")),
            Criterion("Changes of dependencies are told", ("monitoring-1",)),
        ),
    ),
)

SCALES: Mapping[str, tuple[Level, ...]] = {"google": GOOGLE, "microsoft": MICROSOFT}


def stand(points: Mapping[str, float]) -> tuple[Maturity, ...]:
    """Where a project with these points by test stands on each scale."""
    return tuple(
        Maturity(scale, tuple(_standing(level, points) for level in levels)) for scale, levels in SCALES.items()
    )


def _standing(level: Level, points: Mapping[str, float]) -> Standing:
    met = tuple(c for c in level.criteria if all(points.get(test, 0.0) >= c.points for test in c.tests))
    return Standing(level, met, tuple(c for c in level.criteria if c not in met))
