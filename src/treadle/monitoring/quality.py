"""Metrics of labelled predictions from sums that add up over days, so that any set of days is measured by one addition.

Several classes keep how often each was taken for which. All that the release did not know, or that are too many to keep apart, are
one more class as truths, and two as answers: the right one and a wrong one. So accuracy is exact; the mean of F1 is over the
classes kept apart. Binary tasks keep a histogram of scores for each outcome (over fine bins of the release's scores, with a cut at
one half), from which ROC AUC, F1 and the rest follow; the AUC of binned scores counts ties half and is off by less than half a
tie's weight.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from treadle.models import Task

if TYPE_CHECKING:
    import pyarrow as pa

_FINE = 100
_CLASSES = 30
_SMALLEST = 1e-15


@dataclass(frozen=True)
class Sums:
    """Which sums are kept for a task; `cuts` are cut points of scores (binary), `classes` the label values (several classes)."""

    task: Task
    cuts: tuple[float, ...] = ()
    classes: tuple[str, ...] = ()

    @classmethod
    def of(cls, task: Task, scores: np.ndarray, classes: tuple[str, ...] = ()) -> Sums:
        """Cuts at the percentiles of the scores, shape (n,).

        >>> Sums.of("binary", np.array([0.1, 0.9])).cuts
        (0.1, 0.5, 0.9)
        """
        if task != "binary":
            return cls(task, classes=tuple(sorted(classes)[:_CLASSES]))
        inner = np.quantile(scores, np.arange(1, _FINE) / _FINE, method="inverted_cdf") if len(scores) else []
        return cls(task, cuts=tuple(float(c) for c in np.unique(np.append(inner, 0.5))))

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that can be measured."""
        return {
            "binary": ("roc_auc", "f1", "accuracy", "precision", "recall", "log_loss", "brier"),
            "multiclass": ("accuracy", "macro_f1"),
            "regression": ("rmse", "mae", "r2"),
        }[self.task]

    @property
    def width(self) -> int:
        """How many sums there are."""
        return {"binary": 2 * (len(self.cuts) + 1) + 2, "multiclass": (len(self.classes) + 2) ** 2, "regression": 5}[
            self.task
        ]

    def by_day(self, rows: pa.Table, days: np.ndarray, first: int, span: int) -> np.ndarray:
        """The sums of each day, shape (span, width), of rows with `score`, `outcome`, `predicted` and `label`.

        `days` are the rows' day numbers, shape (n,). Rows without a label count for nothing.
        """
        if self.task == "multiclass":
            return self._confusions(rows, days, first, span)
        outcome = np.asarray(rows["outcome"].fill_null(float("nan")), dtype=np.float64)
        score = np.asarray(rows["score"].fill_null(float("nan")), dtype=np.float64)
        told = np.isfinite(outcome) & np.isfinite(score)
        outcome, score, day = outcome[told], score[told], days[told] - first
        if self.task == "regression":
            return _summed(
                [np.ones(len(day)), outcome, outcome**2, abs(outcome - score), (outcome - score) ** 2], day, span
            )
        bins = len(self.cuts) + 1
        place = np.searchsorted(self.cuts, score, side="left") + bins * (outcome > 0.5)
        counts = np.bincount(day * 2 * bins + place, minlength=span * 2 * bins).reshape(span, 2 * bins)
        right = np.clip(np.where(outcome > 0.5, score, 1 - score), _SMALLEST, 1)
        return np.hstack([counts, _summed([-np.log(right), (outcome - score) ** 2], day, span)])

    def rows(self, sums: np.ndarray) -> np.ndarray:
        """How many labelled rows sums are of, shape (…)."""
        if self.task == "regression":
            return sums[..., 0]
        return sums[..., : 2 * (len(self.cuts) + 1)].sum(-1) if self.task == "binary" else sums.sum(-1)

    def value(self, metric: str, sums: np.ndarray) -> np.ndarray:
        """The metric of each row of sums, shape (…); NaN where it has no meaning."""
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.task == "regression":
                return _regression(metric, sums)
            return self._binary(metric, sums) if self.task == "binary" else self._several(metric, sums)

    def document(self) -> dict[str, Any]:
        """Plain values to keep."""
        return {"task": self.task, "cuts": list(self.cuts), "classes": list(self.classes)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Sums:
        """The sums that were kept."""
        return cls(document["task"], tuple(document["cuts"]), tuple(document["classes"]))

    def _binary(self, metric: str, sums: np.ndarray) -> np.ndarray:
        bins = len(self.cuts) + 1
        no, yes = sums[..., :bins], sums[..., bins : 2 * bins]
        total = no.sum(-1) + yes.sum(-1)
        if metric in ("log_loss", "brier"):
            return sums[..., -2 if metric == "log_loss" else -1] / total
        if metric == "roc_auc":
            below = np.cumsum(no, -1) - no / 2
            return (yes * below).sum(-1) / (yes.sum(-1) * no.sum(-1))
        said = int(np.searchsorted(self.cuts, 0.5, side="left")) + 1  # the bins above one half
        hits, false = yes[..., said:].sum(-1), no[..., said:].sum(-1)
        positive = yes.sum(-1)
        if metric == "accuracy":
            return (hits + no.sum(-1) - false) / total
        if metric == "recall":
            return hits / positive
        if metric == "precision":
            return np.where(hits + false > 0, hits / (hits + false), np.where(positive > 0, 0.0, np.nan))
        return np.where(positive > 0, 2 * hits / (hits + false + positive), np.nan)

    def _several(self, metric: str, sums: np.ndarray) -> np.ndarray:
        kept = len(self.classes)
        confusion = sums.reshape(*sums.shape[:-1], kept + 2, kept + 2)
        hits = np.diagonal(confusion, axis1=-2, axis2=-1)
        if metric == "accuracy":
            return hits.sum(-1) / confusion.sum((-2, -1))
        either = confusion.sum(-1) + confusion.sum(-2)
        return np.nanmean(np.where(either > 0, 2 * hits / either, np.nan)[..., :kept], axis=-1)

    def _confusions(self, rows: pa.Table, days: np.ndarray, first: int, span: int) -> np.ndarray:
        import pyarrow as pa
        import pyarrow.compute as pc

        told = np.asarray(pc.call_function("and", [rows["label"].is_valid(), rows["predicted"].is_valid()]))
        known, other = pc.SetLookupOptions(pa.array(self.classes, pa.string())), len(self.classes)
        texts = [rows[name].cast(pa.string()) for name in ("label", "predicted")]
        truth, said = (
            np.asarray(pc.call_function("index_in", [text], known).fill_null(other)).astype(np.int64) for text in texts
        )
        right = np.asarray(pc.call_function("equal", texts).fill_null(False))
        said = np.where((said == other) & ~right, other + 1, said)
        place = ((days - first) * self.width + truth * (other + 2) + said)[told]
        return np.bincount(place, minlength=span * self.width).reshape(span, self.width).astype(np.float64)


def _regression(metric: str, sums: np.ndarray) -> np.ndarray:
    n, total, squares, absolute, errors = (sums[..., place] for place in range(5))
    if metric == "mae":
        return absolute / n
    return np.sqrt(errors / n) if metric == "rmse" else 1 - errors / (squares - total**2 / n)


def _summed(values: list[np.ndarray], day: np.ndarray, span: int) -> np.ndarray:
    return np.column_stack([np.bincount(day, weights=one, minlength=span) for one in values])
