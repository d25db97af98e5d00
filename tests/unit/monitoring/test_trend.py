from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.monitoring.trend import falling_p, slope


def falls(values: tuple[float, ...]) -> int:
    return sum(b < a for a, b in combinations(values, 2))


@given(st.permutations(range(6)))
def test_the_chance_is_the_share_of_orders_that_fall_as_steadily(order: list[int]) -> None:
    seen = falls(tuple(order))
    share = np.mean([falls(other) >= seen for other in permutations(range(6))])
    assert falling_p(np.array(order, float)) == pytest.approx(share)


@given(st.lists(st.floats(-5, 5), min_size=3, max_size=12))
def test_adding_a_line_adds_its_slope(values: list[float]) -> None:
    series = np.array(values)
    assert slope(series + 2.0 * np.arange(len(series))) == pytest.approx(slope(series) + 2.0, abs=1e-9)


def test_one_wild_value_does_not_make_a_slope() -> None:
    assert slope(np.array([1.0, 1.0, 1.0, 50.0, 1.0, 1.0, 1.0])) == 0
