"""When a process that died is started again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.operations.restarts import LIVED_SECONDS, Restarts


def test_each_early_death_waits_twice_as_long_up_to_a_limit() -> None:
    restarts, now, waits = Restarts(), 0.0, []
    for _ in range(7):
        restarts.started(now)
        now += 1
        assert not restarts.died(now)
        waits.append(restarts.next - now)
        now = restarts.next
    assert waits == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4])
    restarts.started(now)
    assert restarts.died(now + 1)


def test_who_has_lived_starts_anew() -> None:
    restarts = Restarts()
    for _ in range(3):
        restarts.started(0)
        restarts.died(1)
    restarts.started(100)
    assert not restarts.died(110.0)
    assert (restarts.deaths, restarts.next) == (1, pytest.approx(110.1))
    restarts.started(200)
    restarts.died(209.9)
    assert restarts.deaths == 2


def test_it_is_never_put_off_by_more_than_ten_seconds() -> None:
    restarts = Restarts(deaths=20)
    restarts.started(0.0)
    assert restarts.died(1.0)
    assert restarts.next == 11.0


@given(st.lists(st.floats(LIVED_SECONDS, 1000), max_size=30))
def test_a_process_that_always_lives_is_never_given_up(lives: list[float]) -> None:
    restarts, now = Restarts(), 0.0
    for life in lives:
        restarts.started(now)
        now += life
        assert not restarts.died(now)
        assert not restarts.due(now)
        now = restarts.next
        assert restarts.due(now)


def test_nothing_that_never_died_waits() -> None:
    assert Restarts().due(0.0)
    assert not Restarts(next=0.5).due(0.4)
    assert Restarts(start=0.0) == Restarts()
