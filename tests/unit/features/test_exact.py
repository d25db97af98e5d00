"""Exact sums against Python's fractions."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treadle.datasets import Engine
from treadle.features.exact import LIMB, Total, limbs, rounded, span_of

FINITE = st.floats(allow_nan=False, allow_infinity=False)
CLOSE = st.floats(-1e6, 1e6) | st.sampled_from([1.0, 0.1, 2.0**53, 2.0**53 + 2, 5e-17, 1 + 2**-52, -1e16])


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine(memory_limit="500MB", threads=1, temp=tmp_path_factory.mktemp("temp"))


def in_sql(engine: Engine, groups: list[list[float]]) -> list[float]:
    """Each group's total, as the plans work it out: one span for all, limbs added in SQL, rounded once."""
    sizes = [abs(v) for group in groups for v in group if v]
    whole = all(v == int(v) for group in groups for v in group)
    span = span_of(min(sizes, default=None), max(sizes, default=None), whole, False)
    names = [f"l{i}" for i in range(span.limbs)]
    sums = ", ".join(f"sum({sql}) AS {name}" for name, sql in zip(names, limbs("v", span), strict=True))
    numbers = [(g, v) for g, group in enumerate(groups) for v in group]
    table = pa.table({"g": [g for g, _ in numbers], "v": pa.array([v for _, v in numbers], pa.float64())})
    relation = rounded(f"(SELECT g, {sums} FROM t GROUP BY g)", [Total("total", names, span)])
    return engine.query(f"SELECT total FROM {relation} ORDER BY g", {"t": table})["total"].to_pylist()


def right(values: list[float]) -> float:
    exact = sum(map(Fraction, values), Fraction(0))
    try:
        return exact.numerator / exact.denominator
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


@settings(max_examples=40, deadline=None)
@given(groups=st.lists(st.lists(CLOSE, min_size=1, max_size=8), min_size=1, max_size=20))
def test_totals_are_rounded_right(engine: Engine, groups: list[list[float]]) -> None:
    assert in_sql(engine, groups) == [right(group) for group in groups]


@settings(max_examples=20, deadline=None)
@given(groups=st.lists(st.lists(FINITE, min_size=1, max_size=4), min_size=1, max_size=4))
def test_totals_over_the_whole_range_are_rounded_right(engine: Engine, groups: list[list[float]]) -> None:
    assert in_sql(engine, groups) == [right(group) for group in groups]


def test_halves_are_rounded_to_even_and_one_bit_more_is_seen(engine: Engine) -> None:
    """The bits that decide lie beyond the mantissa: exactly half, and half and the least bit there is."""
    big, half = 2.0**53, 1.0
    groups = [
        [big, half],  # half way between big and big + 2: even is big
        [big + 2, half],  # half way again: even is big + 4
        [big, half, 2.0**-60],  # a little more than half
        [big, half, -(2.0**-60)],
        [-big, -half, -(2.0**-60)],
        [-big, -half, 2.0**-60],
        [big, half, 2.0**-200],
        [-big, -half, -(2.0**-200)],
        [2.0**200, 1.0, -(2.0**200)],
    ]
    found = in_sql(engine, groups)
    assert found == [right(group) for group in groups]
    assert found[0] != found[2]


def test_order_and_company_make_no_difference(engine: Engine) -> None:
    """The same values give the same bits, whatever other values decided the limbs."""
    draw = random.Random(7)
    values = [draw.gauss(0, 1) * 10 ** draw.randint(-5, 5) for _ in range(500)]
    alone = in_sql(engine, [values])[0]
    shuffled = draw.sample(values, len(values))
    assert in_sql(engine, [shuffled])[0] == alone == right(values)
    for company in ([1e300], [5e-324], [1e300, 5e-324], [2.0**70]):
        assert in_sql(engine, [values, company])[0] == alone


@pytest.mark.parametrize(
    ("least", "greatest", "whole", "low", "count"),
    [
        (None, None, True, 0, 1),
        (1.0, 1.0, True, 0, 1),
        (1.0, 2.0**61, True, 0, 1),
        (1.0, 2.0**62, True, 0, 2),
        (0.5, 1.0, False, -53, 1),
        (1e-3, 1e3, False, -62, 2),
        (5e-324, 5e-324, False, -1074, 1),
        (5e-324, 1.7e308, False, -1074, 34),
    ],
)
def test_spans_hold_every_bit(least: float | None, greatest: float | None, whole: bool, low: int, count: int) -> None:
    span = span_of(least, greatest, whole, False)
    assert (span.low, span.limbs) == (low, count)
    if greatest is not None:
        assert greatest < 2.0 ** min(span.low + LIMB * span.limbs, 1023) * 2
