"""What age does to versions: the arithmetic of the staleness curve, without store or clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from treadle.loop.selection import Spans

DAY, MONTH = timedelta(days=1), timedelta(days=30)
FEWEST_SPANS, MOST_SPANS = 4, 6
VERSIONS, AGES = 2, 3  # different ones that make a curve


@dataclass(frozen=True)
class Aged:
    """How good a version was on a span that began after all it had learned from; `low` and `high` are 95 % limits.

    What was `refused` never went stale in service: it is measured all the same, but makes no curve.
    """

    version: str
    begin: datetime
    age: timedelta  # at the middle of the span
    value: float
    low: float
    high: float
    rows: int
    refused: bool = False


@dataclass(frozen=True)
class Judged:
    """Versions on later spans of `length`, and what could not be asked, with the reason."""

    found: tuple[Aged, ...] = ()
    length: timedelta = MONTH
    left_out: tuple[str, ...] = ()

    @property
    def served(self) -> tuple[Aged, ...]:
        """What was found of versions that nobody refused."""
        return tuple(each for each in self.found if not each.refused)

    @property
    def versions(self) -> int:
        """How many of them there are."""
        return len({each.version for each in self.served})


@dataclass(frozen=True)
class Curve:
    """Mean quality by age, and what 30 days change: below zero is a loss.

    `level` says that versions of different ages were compared on the same spans, so that seasons do not count as age.
    """

    ages: tuple[tuple[timedelta, float, int], ...]  # age, mean value, evaluations
    lost: float
    level: bool


def spans_between(oldest: datetime, newest: datetime) -> Spans | None:
    """The spans up to the newest row on which versions since the oldest are judged: months, shorter ones in a short history.

    None when there is not even a day for each.

    >>> spans_between(datetime(2024, 1, 1), datetime(2024, 2, 10)).length
    datetime.timedelta(days=10)
    """
    days = min(MONTH, (newest - oldest) / FEWEST_SPANS) // DAY
    if not days:
        return None
    length, end = days * DAY, newest.replace(hour=0, minute=0, second=0, microsecond=0) + DAY
    count = min(MOST_SPANS, (newest - oldest) // length)
    return Spans(end - count * length, length, count)


def curve_of(judged: Judged, *, higher_is_better: bool) -> Curve | None:
    """The curve over all evaluations; None with fewer than two versions, or three ages, counted in whole spans."""
    by_age: dict[int, list[Aged]] = {}
    for each in judged.served:
        by_age.setdefault(each.age // judged.length, []).append(each)
    if judged.versions < VERSIONS or len(by_age) < AGES:
        return None
    ages = tuple(
        (sum((each.age for each in alike), timedelta()) / len(alike), _mean([each.value for each in alike]), len(alike))
        for _, alike in sorted(by_age.items())
    )
    slope, level = _slope(judged.served)
    return Curve(ages, MONTH / DAY * slope * (1 if higher_is_better else -1), level)


def _slope(found: Sequence[Aged]) -> tuple[float, bool]:
    """What a day of age changes, by least squares within spans (fixed effects); over all where no span has two ages."""
    by_span: dict[datetime, list[Aged]] = {}
    for each in found:
        by_span.setdefault(each.begin, []).append(each)
    within = [_apart(alike) for alike in by_span.values()]
    if any(days for pairs in within for days, _ in pairs):
        return _through([pair for pairs in within for pair in pairs]), True
    return _through(_apart(found)), False


def _apart(found: Sequence[Aged]) -> list[tuple[float, float]]:
    """Age in days and value of each, less the means of all."""
    days, values = [each.age / DAY for each in found], [each.value for each in found]
    mean_days, mean_value = _mean(days), _mean(values)
    return [(day - mean_days, value - mean_value) for day, value in zip(days, values, strict=True)]


def _through(pairs: Sequence[tuple[float, float]]) -> float:
    squares = sum(day * day for day, _ in pairs)
    return sum(day * value for day, value in pairs) / squares if squares else 0.0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
