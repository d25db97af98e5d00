"""What a release remembers of the data it was made from, so that every later window can be compared with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from treadle.errors import Corrupt
from treadle.models import Task
from treadle.monitoring.bins import Bins, as_numbers
from treadle.monitoring.days import DAY, DayCounts, count_days
from treadle.monitoring.quality import Sums

if TYPE_CHECKING:
    import pyarrow as pa

REFERENCE = "reference"  # the name of the document that a version keeps
FORMAT = 1
MOST_TEXTS = 2_000
MOST_DAYS = 400  # older days are left out: a reference has a fixed size however long the history is


@dataclass(frozen=True)
class Column:
    """One column at release: its bins, counts by day, the least and greatest number, and the texts that were seen."""

    bins: Bins
    counts: DayCounts
    low: float | None = None
    high: float | None = None
    known: frozenset[str] | None = None  # every text seen, unless there were too many to keep
    _covariances: dict[int, np.ndarray] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, values: pa.ChunkedArray, days: np.ndarray, first: int, span: int, bins: Bins | None = None) -> Column:
        """Count a column by day; `days` are the rows' day numbers, from `first` on."""
        bins = bins or Bins.of(values)
        numbers = as_numbers(values)
        seen = numbers[np.isfinite(numbers)] if numbers is not None else np.empty(0)
        counts = count_days(bins.place(values), days, bins.size, first, span)
        low, high = (float(seen.min()), float(seen.max())) if len(seen) else (None, None)
        return cls(bins, DayCounts(counts.astype(np.float64)), low, high, _texts(values) if numbers is None else None)

    @cached_property
    def present(self) -> DayCounts:
        """The counts without those of missing values."""
        return DayCounts(self.counts.counts[:, :-1])

    @cached_property
    def missing(self) -> float:
        """The share of rows without a value."""
        return float(self.counts.total[-1] / max(self.counts.total.sum(), 1))

    def covariance(self, span: int) -> np.ndarray:
        """The long-run covariance of the shares of present values, remembered."""
        if span not in self._covariances:
            self._covariances[span] = self.present.covariance(span)
        return self._covariances[span]

    def document(self) -> dict[str, Any]:
        """Plain values to keep."""
        return {
            "bins": self.bins.document(),
            "counts": self.counts.counts.astype(int).tolist(),
            "low": self.low,
            "high": self.high,
            "known": None if self.known is None else sorted(self.known),
        }

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Column:
        """The column that was kept."""
        counts = np.asarray(document["counts"], dtype=np.float64)
        known = None if document["known"] is None else frozenset(document["known"])
        return cls(Bins.from_document(document["bins"]), DayCounts(counts), document["low"], document["high"], known)


@dataclass(frozen=True)
class Reference:
    """Day-blocked histograms of a release.

    `features` and `labels` are those of all rows the release was made from. `scores` and the metric `sums` are those of the rows
    that the model did not learn from (validation and test), answered by the packaged file. `made_of` says on what the release
    stands: packages, columns of sources, datasets, upstream models.
    """

    features: Mapping[str, Column]
    scores: Column | None = None
    labels: Column | None = None
    sums: Sums | None = None
    outcomes: np.ndarray | None = None  # (days, width of sums)
    rows: int = 0
    made_of: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        rows: pa.Table,
        features: Sequence[str],
        *,
        time: str | None,
        answers: pa.Table | None = None,
        truth: pa.Table | None = None,
        task: Task = "binary",
        made_of: Mapping[str, Any] | None = None,
    ) -> Reference:
        """Remember `rows` (all that was learned from and judged on) and `answers`.

        `answers` has the columns `at`, `score`, `predicted`, `label` and `outcome` of rows that were not learned from; `truth` has
        `at`, `label` and `outcome` of all rows (left out: of those in `answers`). Without a `time` column everything counts as one
        day, and nothing that needs several can be judged.
        """
        days, first, span = day_numbers(rows[time]) if time else (np.zeros(rows.num_rows, np.int64), 0, 1)
        kept = days >= first
        used = rows if kept.all() else rows.filter(kept)
        columns = {
            name: Column.of(used[name], days[kept], first, span) for name in features if name in rows.column_names
        }
        about = {} if answers is None or not answers.num_rows else _about(answers, task)
        truth = answers if truth is None else truth
        if truth is not None and truth.num_rows:
            about["labels"] = _labels(truth, task)
        return cls(columns, **about, rows=rows.num_rows, made_of=dict(made_of or {}))

    @cached_property
    def days(self) -> int:
        """How many days of rows it remembers."""
        return max((column.counts.days for column in self.features.values()), default=0)

    def document(self) -> dict[str, Any]:
        """Plain values to keep with the version."""
        return {
            "format": FORMAT,
            "rows": self.rows,
            "features": {name: column.document() for name, column in self.features.items()},
            "scores": self.scores.document() if self.scores else None,
            "labels": self.labels.document() if self.labels else None,
            "sums": self.sums.document() if self.sums else None,
            "outcomes": np.round(self.outcomes, 6).tolist() if self.outcomes is not None else None,
            "made_of": dict(self.made_of),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Reference:
        """The reference that was kept; raises `Corrupt` for something else."""
        try:
            if document["format"] != FORMAT:
                raise Corrupt(
                    f"The reference has the unknown format {document['format']}.", mend="Turn the loop again."
                )
            return cls(
                features={name: Column.from_document(one) for name, one in document["features"].items()},
                scores=Column.from_document(document["scores"]) if document["scores"] else None,
                labels=Column.from_document(document["labels"]) if document["labels"] else None,
                sums=Sums.from_document(document["sums"]) if document["sums"] else None,
                outcomes=np.asarray(document["outcomes"], float) if document["outcomes"] is not None else None,
                rows=document["rows"],
                made_of=document["made_of"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise Corrupt(
                f"The reference of a version cannot be read: {error}.", mend="Turn the loop again."
            ) from error


def day_numbers(moments: pa.ChunkedArray) -> tuple[np.ndarray, int, int]:
    """Each row's day since 1970-01-01 UTC, the first day that counts and how many days there are from it on."""
    import pyarrow as pa

    micros = np.asarray(moments.cast(pa.timestamp("us"), safe=False).cast(pa.int64()))
    days = micros // DAY
    last = int(days.max()) if len(days) else 0
    first = max(int(days.min()) if len(days) else 0, last - MOST_DAYS + 1)
    return days, first, last - first + 1


def _texts(values: pa.ChunkedArray) -> frozenset[str] | None:
    import pyarrow as pa

    seen = values.cast(pa.string()).unique().drop_null()
    return frozenset(seen.to_pylist()) if len(seen) <= MOST_TEXTS else None


def _about(answers: pa.Table, task: Task) -> dict[str, Any]:
    """The distribution of answers, and the sums of each day."""
    days, first, span = day_numbers(answers["at"])
    kept = days >= first
    if not kept.all():
        answers, days = answers.filter(kept), days[kept]
    said = "predicted" if task == "multiclass" else "score"
    sums = Sums.of(task, _finite(answers["score"]), _classes(answers))
    return {
        "scores": Column.of(answers[said], days, first, span),
        "sums": sums,
        "outcomes": sums.by_day(answers, days, first, span),
    }


def _labels(truth: pa.Table, task: Task) -> Column:
    told = "label" if task == "multiclass" else "outcome"
    days, first, span = day_numbers(truth["at"])
    kept = days >= first
    return Column.of(_as_label(truth.filter(kept)[told], task), days[kept], first, span)


def _as_label(values: pa.ChunkedArray, task: Task) -> pa.ChunkedArray:
    import pyarrow as pa

    return values.cast(pa.string()) if task == "multiclass" else values


def _finite(values: pa.ChunkedArray) -> np.ndarray:
    numbers = as_numbers(values)
    return numbers[np.isfinite(numbers)] if numbers is not None else np.empty(0)


def _classes(answers: pa.Table) -> tuple[str, ...]:
    return tuple(str(value) for value in answers["label"].unique().to_pylist() if value is not None)
