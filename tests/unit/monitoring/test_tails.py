from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from treadle.monitoring.tails import f_tail, t_point, t_tail

FREEDOM = st.floats(0.5, 300)


@given(value=st.floats(0, 200), first=FREEDOM, second=FREEDOM)
@example(value=1.8724659178773241e-22, first=0.5, second=1.0)
def test_the_tail_of_f_is_scipys(value: float, first: float, second: float) -> None:
    assert f_tail(value, first, second) == pytest.approx(stats.f.sf(value, first, second), rel=1e-6, abs=1e-12)


@given(value=st.floats(-40, 40), freedom=st.floats(1, 300))
def test_the_tail_of_student_is_scipys(value: float, freedom: float) -> None:
    assert t_tail(value, freedom) == pytest.approx(stats.t.sf(value, freedom), rel=1e-6, abs=1e-12)


@given(chance=st.floats(1e-6, 0.4), freedom=st.floats(1, 100))
def test_the_point_is_where_the_tail_has_the_chance(chance: float, freedom: float) -> None:
    assert t_tail(t_point(chance, freedom), freedom) == pytest.approx(chance, rel=1e-6)


def test_tails_end() -> None:
    assert f_tail(float("inf"), 3, 5) == 0
    assert f_tail(-1, 3, 5) == 1
