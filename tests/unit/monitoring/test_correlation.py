"""Rank correlation, against SciPy and by its own invariants."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from treadle.monitoring import spearman

numbers = st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=4, max_size=40)


@given(numbers)
def test_it_is_what_scipy_says_and_the_interval_holds_it(pairs: list[tuple[int, int]]) -> None:
    one, other = zip(*pairs, strict=True)
    found = spearman(one, other)
    if len(set(one)) == 1 or len(set(other)) == 1:
        assert found.value is None
        return
    assert found.value == pytest.approx(stats.spearmanr(one, other).statistic, abs=1e-9)
    assert found.low - 1e-9 <= found.value <= found.high + 1e-9


@given(numbers)
def test_ranks_do_not_care_about_the_scale(pairs: list[tuple[int, int]]) -> None:
    one, other = (np.array(each, dtype=float) for each in zip(*pairs, strict=True))
    assert spearman(one, other).value == spearman(np.exp(one), 3 * other + 7).value


def test_what_is_missing_is_left_out() -> None:
    assert spearman([1, 2, 3, 4, np.nan], [1, 2, 3, 4, 9]).rows == 4
    assert spearman([], []).value is None
