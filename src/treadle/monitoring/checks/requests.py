"""Are requests well formed: nothing missing that was there, nothing stuck, nothing that was never seen, nothing infinite?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from treadle.evidence import Verdict
from treadle.monitoring.bins import as_numbers
from treadle.monitoring.days import BANDWIDTH, DayCounts, compare, count_days
from treadle.monitoring.monitor import Monitor
from treadle.monitoring.reference import Column
from treadle.monitoring.window import LiveWindow

_EXAMPLES = 10


@dataclass(frozen=True)
class RequestInvariants(Monitor):
    """Does every feature still come, and still vary, as it did at release?

    A feature breaks the rule when it is gone from the requests, when `more` (a share, 0 to 1) more of its values are
    missing than in any stretch of the release as long as the window (and by more than days differ anyway: at most
    `false_alarms` a year), or when it has one single value though it had several on nearly every day. A window with fewer
    than `min_rows` rows is skipped.

    >>> RequestInvariants(more=0.05).name
    'request_invariants(more=0.05)'
    """

    more: float = 0.1
    min_rows: int = 200
    false_alarms: float = 0.05

    def run(self, context: LiveWindow) -> Verdict:
        known = context.reference.features if context.reference is not None else {}
        table = context.features
        if not known or table.num_rows < self.min_rows:
            return _skipped(context, table.num_rows, self.min_rows)
        broken: dict[str, str] = {}
        worst, level = 0.0, self.level(self.false_alarms) / len(known)
        for name, column in known.items():
            if name not in table.column_names:
                broken[name] = "is gone"
                continue
            values = table[name]
            missing, usual = values.null_count / len(values), most_missing(column, context.days)
            worst = max(worst, missing - usual)
            if missing - usual > self.more and _unusual(context, column, values) <= level:
                broken[name] = f"is missing in {missing:.1%} (at release at most {usual:.1%})"
            elif values.null_count < len(values) and never_stuck(column, context.days) and _stuck(values):
                broken[name] = f"is always {values.drop_null()[0].as_py()}"
        return Verdict.of(
            not broken,
            value=worst,
            threshold=self.more,
            summary="; ".join(f"{name} {what}" for name, what in list(broken.items())[:5])
            or "Every feature comes and varies.",
            **context.about(),
            broken=broken,
        )


@dataclass(frozen=True)
class OutOfRange(Monitor):
    """Are requests within what the model has seen?

    A row is novel when a number lies outside the release's range by more than `margin` (a share of that range), or a text
    was never seen. Fails when more than `most` (a share, 0 to 1) of the rows are novel; the verdict names some of them. A
    window with fewer than `min_rows` rows is skipped.

    >>> OutOfRange(most=0.01).name
    'out_of_range(most=0.01)'
    """

    most: float = 0.05
    margin: float = 0.1
    min_rows: int = 200

    def run(self, context: LiveWindow) -> Verdict:
        known = context.reference.features if context.reference is not None else {}
        table = context.features
        pairs = {name: column for name, column in known.items() if name in table.column_names}
        if not pairs or table.num_rows < self.min_rows:
            return _skipped(context, table.num_rows, self.min_rows)
        novel = {name: novel_rows(column, table[name], self.margin) for name, column in pairs.items()}
        anywhere = np.any(np.stack(list(novel.values())), axis=0)
        share = float(anywhere.mean())
        shares = {name: round(float(rows.mean()), 5) for name, rows in novel.items() if rows.any()}
        worst = max(shares, key=shares.__getitem__, default="")
        ids = table["id"].take(np.flatnonzero(anywhere)[:_EXAMPLES]).to_pylist() if "id" in table.column_names else []
        return Verdict.of(
            share <= self.most,
            value=share,
            threshold=self.most,
            summary=f"{share:.1%} of requests are outside of what the model has seen"
            + (f", most by {worst}." if worst else "."),
            **context.about(),
            shares=shares,
            examples=ids,
        )


@dataclass(frozen=True)
class Finite(Monitor):
    """Are all scores and features numbers, none of them NaN or infinite?

    A score that is missing or not finite, or an infinite feature, is always a fault: missing features are null and no NaN. One is
    enough to fail.
    Source: E. Breck et al., "The ML Test Score" (2017), Monitor 5.

    >>> Finite(severity="critical").severity
    'critical'
    """

    def run(self, context: LiveWindow) -> Verdict:
        if not context.rows:
            return _skipped(context, 0, 1)
        scores = as_numbers(context.answers["score"])
        wrong: dict[str, int] = {}
        if scores is not None and not np.isfinite(scores).all():
            wrong["score"] = int((~np.isfinite(scores)).sum())
        for name in context.features.column_names:
            if pa.types.is_floating(context.features.schema.field(name).type):
                numbers = np.asarray(context.features[name].fill_null(0.0))
                if not np.isfinite(numbers).all():
                    wrong[name] = int((~np.isfinite(numbers)).sum())
        total = sum(wrong.values())
        said = ", ".join(f"{name} {count:,} times" for name, count in wrong.items())
        return Verdict.of(
            not wrong,
            value=float(total),
            threshold=0.0,
            summary=f"Not a finite number: {said}." if wrong else f"All numbers of {context.rows:,} rows are finite.",
            **context.about(),
            columns=wrong,
        )


def most_missing(column: Column, days: int) -> float:
    """The largest share of missing values in any `days` days in a row of the release."""
    counts = column.counts.counts
    if len(counts) <= days:
        return column.missing
    below = np.concatenate([np.zeros((1, 2)), np.cumsum(np.column_stack([counts[:, -1], counts.sum(axis=1)]), axis=0)])
    sums = below[days:] - below[:-days]
    return float((sums[:, 0] / np.maximum(sums[:, 1], 1)).max())


def never_stuck(column: Column, days: int) -> bool:
    """Whether `days` days in a row with all values in one bin would be very unlikely (1 in 10,000) as days went at release."""
    filled = (column.present.counts > 0).sum(axis=1)
    seen = filled[filled > 0]
    return bool(((seen == 1).sum() + 1) / (len(seen) + 1) < 1e-4 ** (1 / days)) if len(seen) else False


def _unusual(context: LiveWindow, column: Column, values: pa.ChunkedArray) -> float:
    """The chance of so many missing values, from how their share differed from day to day at release."""
    release = column.counts.counts
    before = DayCounts(np.column_stack([release[:, -1], release[:, :-1].sum(axis=1)]))
    gone = np.asarray(values.is_null())
    days = context.day_of(context.features)
    now = DayCounts(count_days(np.where(gone, 0, 1), days, 2, context.first_day, context.days).astype(float))
    span = min(context.days, BANDWIDTH)
    return compare(before, now, before.covariance(span), span).p


def _stuck(values: pa.ChunkedArray) -> bool:
    numbers = as_numbers(values)
    if numbers is None:
        return len(values.unique().drop_null()) == 1
    return bool(np.nanmin(numbers) == np.nanmax(numbers))


def novel_rows(column: Column, values: pa.ChunkedArray, margin: float) -> np.ndarray:
    """Which values lie outside what the release saw, shape (n,), bool; missing ones do not."""
    numbers = as_numbers(values)
    if numbers is not None:
        if column.low is None or column.high is None:
            return np.zeros(len(numbers), bool)
        slack = margin * (column.high - column.low)
        return (numbers < column.low - slack) | (numbers > column.high + slack)
    if column.known is None:
        return np.zeros(len(values), bool)
    import pyarrow.compute as pc

    seen = pc.SetLookupOptions(pa.array(sorted(column.known), pa.string()))
    inside = pc.call_function("is_in", [values.cast(pa.string())], seen)
    return ~np.asarray(inside) & ~np.asarray(values.is_null())


def _skipped(context: LiveWindow, rows: int, needed: int) -> Verdict:
    if rows < needed:
        return Verdict.skipped(f"{rows:,} requests are too few to judge; {needed:,} are needed.", needed_rows=needed)
    return Verdict.skipped("The release remembers no features to compare with.", **context.about())
