"""The arithmetic of the staleness curve."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from treadle.loop.proving.aging import Aged, Judged, curve_of, spans_between

START = datetime(2024, 1, 1, tzinfo=UTC)


def days(count: float) -> timedelta:
    return timedelta(days=count)


def aged(version: str, span: int, age: float, value: float, *, refused: bool = False) -> Aged:
    return Aged(version, START + days(30 * span), days(age), value, value, value, 500, refused)


@pytest.mark.parametrize(
    ("history", "length", "count"), [(300, 30, 6), (121, 30, 4), (60, 15, 4), (41, 10, 4), (7, 1, 6), (3, None, None)]
)
def test_spans_are_months_or_a_quarter_of_a_short_history(history: int, length: int | None, count: int | None) -> None:
    newest = START + days(history) + timedelta(hours=13)
    spans = spans_between(START, newest)
    assert (spans and spans.length, spans and spans.count) == (length and days(length), count)
    if spans is not None:
        assert spans.begin >= START
        assert spans.begin + spans.count * spans.length > newest


def test_seasons_do_not_count_as_age() -> None:
    """The second month is better for everybody; what is compared is old against new in the same month."""
    found = [aged("m@1", 1, 15, 0.70), aged("m@1", 2, 45, 0.80), aged("m@2", 2, 15, 0.83), aged("m@1", 3, 75, 0.60)]
    curve = curve_of(Judged(tuple(found), days(30)), higher_is_better=True)
    assert curve is not None
    assert curve.level
    assert curve.lost == pytest.approx(-0.03)
    assert [round(age / days(1)) for age, _, _ in curve.ages] == [15, 45, 75]
    assert [count for *_, count in curve.ages] == [2, 1, 1]


def test_where_no_month_has_two_ages_seasons_are_in_it_and_it_says_so() -> None:
    found = [aged("m@1", 1, 15, 0.8), aged("m@1", 2, 45, 0.7), aged("m@2", 5, 75, 0.6)]
    curve = curve_of(Judged(tuple(found), days(30)), higher_is_better=True)
    assert curve is not None
    assert not curve.level
    assert curve.lost == pytest.approx(-0.1)


def test_a_loss_is_below_zero_whatever_the_metric() -> None:
    found = [aged("m@1", 1, 75, 3.0), aged("m@2", 1, 45, 2.0), aged("m@3", 1, 15, 1.0)]
    judged = Judged(tuple(found), days(30))
    lost = {up: curve.lost for up in (True, False) if (curve := curve_of(judged, higher_is_better=up))}
    assert lost == {True: pytest.approx(1.0), False: pytest.approx(-1.0)}


def test_what_was_refused_makes_no_curve() -> None:
    served = [aged("m@1", 1, 15, 0.8), aged("m@1", 2, 45, 0.7), aged("m@1", 3, 75, 0.6), aged("m@2", 3, 15, 0.8)]
    with_refused = Judged((*served, aged("m@3", 3, 45, 0.1, refused=True)), days(30))
    assert curve_of(with_refused, higher_is_better=True) == curve_of(
        Judged(tuple(served), days(30)), higher_is_better=True
    )
    alone = Judged((*served[:3], aged("m@3", 3, 45, 0.1, refused=True)), days(30))
    assert curve_of(alone, higher_is_better=True) is None


def test_two_ages_make_no_curve() -> None:
    found = [aged("m@1", 1, 15, 0.8), aged("m@1", 2, 45, 0.7), aged("m@2", 2, 16, 0.9)]
    assert curve_of(Judged(tuple(found), days(30)), higher_is_better=True) is None
