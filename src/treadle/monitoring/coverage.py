"""Labels that come late, and those that never come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from treadle.clock import duration
from treadle.monitoring.store import Store

AGES = ("1h", "6h", "1d", "2d", "7d", "30d")


@dataclass(frozen=True)
class AgeShare:
    """Of the `predictions` that are at least `age` old, so many had their label within `age` of the prediction."""

    age: timedelta
    predictions: int
    labelled: int

    @property
    def share(self) -> float | None:
        """The part that had its label in time; None without predictions that old."""
        return self.labelled / self.predictions if self.predictions else None


@dataclass(frozen=True)
class LabelStats:
    """How an endpoint's labels come. `waiting` are ids that were labelled but never predicted (yet)."""

    predictions: int
    labelled: int
    corrected: int
    waiting: int
    ages: tuple[AgeShare, ...]


def label_stats(
    store: Store, observed: int, begin: int, end: int, now: int, ages: Sequence[str | timedelta]
) -> LabelStats:
    """The labels of the predictions of `[begin, end)` as they stand at `now`, all in microseconds of business time."""
    spans = [duration(age, field="age") for age in ages]
    steps = {f"a{place}": span // timedelta(microseconds=1) for place, span in enumerate(spans)}
    counted = ", ".join(
        f"SUM(CASE WHEN at <= :now - :{name} THEN 1 ELSE 0 END) AS old_{name}, "
        f"SUM(CASE WHEN at <= :now - :{name} AND label_at <= at + :{name} THEN 1 ELSE 0 END) AS told_{name}"
        for name in steps
    )
    row = store.database.one(
        "SELECT COUNT(*) AS predictions, COUNT(label) AS labelled, SUM(CASE WHEN labels > 1 THEN 1 ELSE 0 END) AS corrected"
        f"{', ' if counted else ''}{counted} FROM predictions "
        "WHERE observed = :observed AND lane = '' AND at >= :begin AND at < :end",
        steps,
        observed=observed,
        begin=begin,
        end=end,
        now=now,
    )
    assert row is not None
    waiting = store.database.one(
        "SELECT COUNT(*) AS n FROM pending_labels WHERE observed = :observed", observed=observed
    )
    return LabelStats(
        predictions=row["predictions"],
        labelled=row["labelled"],
        corrected=row["corrected"] or 0,
        waiting=waiting["n"] if waiting else 0,
        ages=tuple(
            AgeShare(span, int(row[f"old_{name}"] or 0), int(row[f"told_{name}"] or 0))
            for name, span in zip(steps, spans, strict=True)
        ),
    )
