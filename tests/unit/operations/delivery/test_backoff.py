"""How long to wait before a message is tried again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from treadle.operations.delivery.backoff import wait


@pytest.mark.parametrize(
    ("attempts", "chance", "asked", "seconds"),
    [
        (1, 1.0, None, 5.0),
        (1, 0.0, None, 2.5),
        (1, 0.5, None, 3.75),
        (2, 1.0, None, 10.0),
        (3, 1.0, None, 20.0),
        (10, 1.0, None, 2_560.0),
        (11, 1.0, None, 3_600.0),
        (11, 0.0, None, 1_800.0),
        (10**9, 1.0, None, 3_600.0),
        (1, 1.0, 120, 120.0),
        (11, 1.0, 120, 3_600.0),  # the receiver may ask for more, not for less
        (1, 1.0, 10**6, 86_400.0),  # and not for ever
    ],
)
def test_twice_as_long_each_time_half_of_it_by_chance(
    attempts: int, chance: float, asked: int | None, seconds: float
) -> None:
    given = None if asked is None else timedelta(seconds=asked)
    assert wait(attempts, chance, given).total_seconds() == seconds
