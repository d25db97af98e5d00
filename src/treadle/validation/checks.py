"""The checks of the data stage."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

from treadle.evidence import Check, Stage, Verdict
from treadle.validation.anomaly import Anomaly
from treadle.validation.comparing import validate
from treadle.validation.context import DatasetContext
from treadle.validation.schema import AnomalyKind


@dataclass(frozen=True)
class SchemaHolds(Check[DatasetContext]):
    """Does the dataset have the columns and types that are expected?"""

    stage: ClassVar[Stage] = "data"

    def run(self, context: DatasetContext) -> Verdict:
        return _verdict(context, ("missing_column", "new_column", "retyped_column"), "All columns are as expected.")


@dataclass(frozen=True)
class ValuesExpected(Check[DatasetContext]):
    """Are all values within their domains and ranges, finite, and missing no more often than expected?"""

    stage: ClassVar[Stage] = "data"

    def run(self, context: DatasetContext) -> Verdict:
        return _verdict(context, ("nulls", "domain", "range", "non_finite"), "All values are as expected.")


@dataclass(frozen=True)
class KeysUnique(Check[DatasetContext]):
    """Does every key stand for one row (or for one row and its corrections)?"""

    stage: ClassVar[Stage] = "data"

    def run(self, context: DatasetContext) -> Verdict:
        if not context.schema.key:
            return Verdict.skipped("The dataset has no key.")
        if context.facts is None:
            return Verdict.skipped("The rows were not looked at.")
        return _verdict(context, ("duplicates",), "Every key is unique.")


@dataclass(frozen=True)
class TimesPast(Check[DatasetContext]):
    """Have all event and created times come already?"""

    stage: ClassVar[Stage] = "data"

    def run(self, context: DatasetContext) -> Verdict:
        if context.schema.time is None:
            return Verdict.skipped("The dataset has no event time.")
        if context.facts is None:
            return Verdict.skipped("The rows were not looked at.")
        return _verdict(context, ("future",), "No time lies in the future.")


@dataclass(frozen=True)
class DistributionStable(Check[DatasetContext]):
    """Are the columns distributed as in the version before?"""

    stage: ClassVar[Stage] = "data"

    def run(self, context: DatasetContext) -> Verdict:
        if context.previous_statistics is None:
            return Verdict.of(
                True, value=0.0, threshold=0.0, summary="It is the first version: nothing to compare with."
            )
        return _verdict(context, ("drift",), "All columns are distributed as before.")


def standard_checks() -> tuple[Check[DatasetContext], ...]:
    """The checks every dataset version gets."""
    return (SchemaHolds(), ValuesExpected(), KeysUnique(), TimesPast(), DistributionStable())


def _verdict(context: DatasetContext, kinds: Collection[AnomalyKind], fine: str) -> Verdict:
    every = validate(context.statistics, context.schema, previous=context.previous_statistics, facts=context.facts)
    found = [anomaly for anomaly in every if anomaly.kind in kinds]
    if not found:
        return Verdict.of(True, value=0.0, threshold=0.0, summary=fine, anomalies=[])
    blocked = any(anomaly.blocks for anomaly in found)
    return Verdict(
        "failed" if blocked else "warned",
        value=float(len(found)),
        threshold=0.0,
        summary=_summary(found),
        detail={"anomalies": [anomaly.to_plain() for anomaly in found]},
    )


def _summary(found: list[Anomaly]) -> str:
    more = f" And {len(found) - 1} more." if len(found) > 1 else ""
    return f"{found[0]}{more}"
