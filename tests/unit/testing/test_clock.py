"""The clock of tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from treadle.testing import FakeClock


def test_time_stands_still_until_it_is_told() -> None:
    clock = FakeClock()
    assert (clock.now(), clock.wall(), clock.monotonic()) == (clock.now(), clock.wall(), 0.0)


def test_advancing_moves_every_clock() -> None:
    clock = FakeClock(business=datetime(2013, 1, 1), machine=datetime(2030, 1, 1))
    clock.advance("1d")
    assert clock.now() == datetime(2013, 1, 2, tzinfo=UTC)
    assert clock.wall() == datetime(2030, 1, 2, tzinfo=UTC)
    assert clock.monotonic() == 86_400
    clock.advance(timedelta(seconds=1))
    assert clock.monotonic() == 86_401


def test_sleeping_moves_the_machine_alone() -> None:
    clock = FakeClock()
    before, wall = clock.now(), clock.wall()
    clock.sleep(2.5)
    assert (clock.now(), clock.wall(), clock.monotonic()) == (before, wall + timedelta(seconds=2.5), 2.5)
