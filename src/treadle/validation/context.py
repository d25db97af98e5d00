"""What the checks of the data stage look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from treadle.datasets import DatasetVersion, Engine
from treadle.statistics import Statistics, profile
from treadle.validation.anomaly import Facts
from treadle.validation.examining import examine
from treadle.validation.schema import Schema


@dataclass(frozen=True)
class DatasetContext:
    """A dataset version with its profile, what is expected of it, and the profile of the version before."""

    version: DatasetVersion
    statistics: Statistics
    schema: Schema
    previous_statistics: Statistics | None = None
    facts: Facts | None = None


def dataset_context(
    engine: Engine,
    version: DatasetVersion,
    schema: Schema,
    *,
    now: datetime,
    statistics: Statistics | None = None,
    previous: Statistics | None = None,
) -> DatasetContext:
    """Everything the checks need of a version; its profile is taken when it is not given."""
    found = statistics or profile(engine, version, like=previous)
    return DatasetContext(version, found, schema, previous, examine(engine, version, schema, now=now))
