"""The two clocks and what is written about time."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.clock import (
    FileClock,
    ReplayClock,
    SystemClock,
    as_utc,
    duration,
    from_micros,
    micros,
    parse_moment,
    project_clock,
)
from treadle.errors import InvalidInput

MOMENTS = st.datetimes(timezones=st.timezones())


def test_the_system_clock_follows_the_machine() -> None:
    clock = SystemClock()
    before = datetime.now(UTC)
    assert before <= clock.now() <= clock.wall() <= datetime.now(UTC)
    assert clock.now().tzinfo is UTC
    first = clock.monotonic()
    clock.sleep(0.001)
    assert clock.monotonic() - first >= 0.001


def test_a_replay_moves_business_time_alone() -> None:
    clock = ReplayClock(datetime(2013, 4, 1, tzinfo=UTC))
    before = time.monotonic()
    clock.advance(timedelta(days=200))
    assert clock.now() == datetime(2013, 10, 18, tzinfo=UTC)
    clock.move_to(datetime(2014, 1, 1))
    assert clock.now() == datetime(2014, 1, 1, tzinfo=UTC)
    assert clock.wall().year > 2020
    assert clock.monotonic() >= before


@given(MOMENTS)
def test_instants_are_stored_exactly(moment: datetime) -> None:
    assert from_micros(micros(moment)) == as_utc(moment)


@given(MOMENTS, MOMENTS)
def test_stored_instants_keep_their_order(one: datetime, two: datetime) -> None:
    assert (micros(one) < micros(two)) == (as_utc(one) < as_utc(two))


def test_a_moment_without_a_zone_is_utc() -> None:
    assert as_utc(datetime(2013, 4, 1, 6)) == datetime(2013, 4, 1, 6, tzinfo=UTC)
    assert as_utc(datetime(2013, 4, 1, 6, tzinfo=timezone(timedelta(hours=-5)))) == datetime(2013, 4, 1, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2013-04-01", datetime(2013, 4, 1)),
        ("2013-04-01T06:00:00Z", datetime(2013, 4, 1, 6)),
        ("2013-04-01 06:00:00.000001-05:00", datetime(2013, 4, 1, 11, 0, 0, 1)),
    ],
)
def test_moments_are_read(text: str, moment: datetime) -> None:
    assert parse_moment(text) == moment.replace(tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "2013-13-01", "2013-02-30", "0001-01-01T00:00:00+14:00", None, 5])
def test_other_moments_are_refused_by_field(text: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_moment(text, field="since")
    assert caught.value.field == "since"
    assert caught.value.mend


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("2h", timedelta(hours=2)),
        ("7d", timedelta(days=7)),
        ("1w", timedelta(weeks=1)),
        ("250ms", timedelta(milliseconds=250)),
        ("5us", timedelta(microseconds=5)),
        ("1d12h", timedelta(hours=36)),
        ("1d 12h", timedelta(hours=36)),
        ("1.5h", timedelta(minutes=90)),
        (timedelta(hours=3), timedelta(hours=3)),
    ],
)
def test_durations_are_read(text: Any, span: timedelta) -> None:
    assert duration(text) == span


@pytest.mark.parametrize(
    "text",
    [
        "",
        "h",
        "2",
        "2x",
        "-2h",
        "2h-",
        "0s",
        "1e3s",
        "٣h",
        "99999999999d",
        "9999999d",
        timedelta(0),
        timedelta(-1),
        None,
        7,
        1.5,
    ],
)
def test_other_durations_are_refused_by_field(text: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        duration(text, field="ttl")
    assert caught.value.field == "ttl"
    assert caught.value.mend


def test_every_process_follows_the_file_a_replay_moves_on(tmp_path: Path) -> None:
    mark = tmp_path / "business_time"
    mover, reader = FileClock(mark), FileClock(mark)
    assert abs(reader.now() - datetime.now(UTC)) < timedelta(minutes=1)
    mover.move_to(datetime(2013, 4, 1, 6, tzinfo=timezone(timedelta(hours=2))))
    assert reader.now() == mover.now() == datetime(2013, 4, 1, 4, tzinfo=UTC)
    mover.move_to(datetime(2013, 4, 1, 5, tzinfo=UTC))
    assert reader.now() == datetime(2013, 4, 1, 5, tzinfo=UTC)
    assert reader.wall() > datetime(2020, 1, 1, tzinfo=UTC)


def test_a_mark_that_holds_no_instant_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "business_time").write_text("yesterday")
    assert abs(project_clock(tmp_path).now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_project_lives_in_replayed_time_only_where_a_replay_left_its_mark(tmp_path: Path) -> None:
    assert not isinstance(project_clock(tmp_path), FileClock)
    FileClock(tmp_path / "business_time").move_to(datetime(2013, 4, 1, tzinfo=UTC))
    assert project_clock(tmp_path).now() == datetime(2013, 4, 1, tzinfo=UTC)
