"""What people wrote by hand is shown as it is, whatever it looks like."""

from __future__ import annotations

import pytest

from treadle.server.web.naming import reason_title


@pytest.mark.parametrize("word", ["r" * 200_000, "a(" * 100_000, "the schedule " * 15_000, "2013-04-01 08:0" * 15_000])
def test_a_long_reason_costs_no_more_than_reading_it(word: str) -> None:
    assert reason_title(word).lower().rstrip(".") == word.strip().lower()  # took minutes, and every other page waited


def test_a_moment_that_is_none_stays_as_it_was_written() -> None:
    assert reason_title("broken since 2013-99-99 04:00 UTC") == "Broken since 2013-99-99 04:00 UTC."
    assert reason_title("broken since 2013-04-01 04:00 UTC") == "Broken since 1 Apr 2013, 04:00."
