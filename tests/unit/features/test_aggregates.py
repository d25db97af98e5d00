"""Aggregates as they are declared."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.clock import duration
from treadle.errors import DeclarationError
from treadle.features import Aggregate, count, last, max, mean, min, sum
from treadle.features.aggregates import span_text


@pytest.mark.parametrize(
    ("made", "function", "column", "over", "name"),
    [
        (mean("late", over="6h"), "mean", "late", timedelta(hours=6), "late_mean_6h"),
        (mean("late", "24h"), "mean", "late", timedelta(days=1), "late_mean_24h"),
        (sum("x", over="1.5h"), "sum", "x", timedelta(minutes=90), "x_sum_1h30m"),
        (sum("x", over="1d 12h"), "sum", "x", timedelta(hours=36), "x_sum_1d12h"),
        (min("x", over=timedelta(days=7)), "min", "x", timedelta(days=7), "x_min_1w"),
        (max("x", over=timedelta(seconds=90)), "max", "x", timedelta(seconds=90), "x_max_1m30s"),
        (count(over="6h"), "count", None, timedelta(hours=6), "count_6h"),
        (count("x", over="6h"), "count", "x", timedelta(hours=6), "x_count_6h"),
        (last("x"), "last", "x", None, "x_last"),
        (last("x", over="2h"), "last", "x", timedelta(hours=2), "x_last_2h"),
        (mean("late", over="6h", name="delay"), "mean", "late", timedelta(hours=6), "delay"),
    ],
)
def test_what_is_declared(
    made: Aggregate, function: str, column: str | None, over: timedelta | None, name: str
) -> None:
    assert (made.function, made.column, made.over, made.name) == (function, column, over, name)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: mean("late", over="6 hours"), "not a duration"),
        (lambda: mean("late", over="0s"), "longer than zero"),
        (lambda: mean("late", over=timedelta(days=-1)), "longer than zero"),
        (lambda: mean("late", over=6), "must be a duration"),  # type: ignore[arg-type]
        (lambda: mean(None, over="6h"), "needs the name of a column"),  # type: ignore[arg-type]
        (lambda: mean(["late"], over="6h"), "name of a column"),  # type: ignore[arg-type]
        (lambda: count("6h"), r'count\(\) needs a window. Write count\(over="6h"\)'),
        (lambda: max("late", over=None), "needs a window"),  # type: ignore[arg-type]
        (lambda: sum("late", over="1h", name=""), "name must be text"),
    ],
)
def test_mistakes_name_the_line(make: Any, message: str) -> None:
    with pytest.raises(DeclarationError, match=message) as caught:
        make()
    file, line = caught.value.where.rsplit(":", 1)
    assert Path(file) == Path(__file__)
    assert "lambda" in Path(__file__).read_text().splitlines()[int(line) - 1]


def test_where_it_was_declared_makes_no_difference() -> None:
    one = mean("late", over="6h")
    other = mean("late", over="6h")
    assert one == other
    assert one.declared_at != other.declared_at
    assert mean("late", over="7h") != one


@given(st.integers(1, 10**15))
def test_spans_are_written_as_they_are_read(micros: int) -> None:
    span = timedelta(microseconds=micros)
    assert abs(duration(span_text(span)) - span) <= timedelta(microseconds=1)  # read through floating seconds
