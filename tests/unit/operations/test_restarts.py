"""When a process that died is started again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.operations.restarts import FIRST_SECONDS, LIVED_SECONDS, LONGEST_SECONDS, MOST_DEATHS, Restarts


def test_each_early_death_waits_twice_as_long_up_to_a_limit() -> None:
    restarts, now, waits = Restarts(), 0.0, []
    for _ in range(MOST_DEATHS - 1):
        restarts.started(now)
        now += 1
        assert not restarts.died(now)
        waits.append(restarts.next - now)
        now = restarts.next
    assert waits[:4] == pytest.approx([FIRST_SECONDS * 2**n for n in range(4)])
    assert max(waits) <= LONGEST_SECONDS
    restarts.started(now)
    assert restarts.died(now + 1)


def test_who_has_lived_starts_anew() -> None:
    restarts = Restarts()
    for _ in range(3):
        restarts.started(0)
        restarts.died(1)
    restarts.started(100)
    assert not restarts.died(100 + LIVED_SECONDS)
    assert restarts.deaths == 1


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
