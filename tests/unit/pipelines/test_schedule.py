from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from treadle.pipelines.schedule import Schedule

DIAMOND = {"a": (), "b": ("a",), "c": ("a",), "d": ("b", "c"), "e": ()}


def test_a_step_is_ready_when_all_it_waits_for_is_done() -> None:
    schedule = Schedule(DIAMOND)
    assert schedule.ready() == ["a", "e"]
    schedule.begin("a")
    assert schedule.ready() == ["e"]
    schedule.finish("a")
    assert schedule.ready() == ["b", "c", "e"]
    schedule.begin("b")
    schedule.finish("b")
    assert schedule.ready() == ["c", "e"]


def test_news_are_told_once() -> None:
    schedule = Schedule(DIAMOND)
    assert (schedule.news(), schedule.news()) == (["a", "e"], [])
    schedule.begin("a")
    schedule.finish("a")
    assert schedule.news() == ["b", "c"]
    schedule.drain()
    assert schedule.news() == []


def test_a_failure_takes_along_what_needed_it_and_nothing_else() -> None:
    schedule = Schedule(DIAMOND)
    schedule.begin("a")
    schedule.finish("a")
    schedule.begin("b")
    assert schedule.fail("b") == ("d",)
    assert schedule.ready() == ["c", "e"]


def test_a_result_is_needed_until_its_last_taker_is_done() -> None:
    schedule = Schedule(DIAMOND)
    for name in ("a", "b", "c"):
        assert schedule.needed("a") is True
        schedule.begin(name)
        schedule.finish(name)
    assert schedule.needed("a") is False
    assert schedule.needed("b") is True


def test_drained_it_begins_nothing_more() -> None:
    schedule = Schedule(DIAMOND)
    schedule.begin("a")
    assert schedule.drain() == ("b", "c", "d", "e")
    assert schedule.over is False
    schedule.finish("a")
    assert (schedule.over, schedule.ready()) == (True, [])


@given(st.lists(st.lists(st.integers(0, 30), max_size=4), min_size=1, max_size=15), st.sets(st.integers(0, 14)))
def test_every_step_ends_once_and_exactly_those_below_a_failure_are_lost(
    above: list[list[int]], failing: set[int]
) -> None:
    waits = {str(n): tuple({str(s % n) for s in sources}) if n else () for n, sources in enumerate(above)}
    schedule, done, failed, lost = Schedule(waits), set(), set(), []
    while not schedule.over:
        name = schedule.ready()[0]
        assert set(waits[name]) <= done
        schedule.begin(name)
        if int(name) in failing:
            failed.add(name)
            lost.extend(schedule.fail(name))
        else:
            done.add(name)
            schedule.finish(name)
    below: set[str] = set()
    for name, sources in waits.items():
        if any(source in failed or source in below for source in sources):
            below.add(name)
    assert sorted(lost) == sorted(below)
    assert done | failed | below == set(waits)
