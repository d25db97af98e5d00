"""Identifiers."""

from __future__ import annotations

import threading
import time

import pytest

from treadle.ids import CountingIds, Ids, RandomIds


def test_ids_are_short_and_plain() -> None:
    one = RandomIds().new()
    assert len(one) == 26
    assert set(one) <= set("0123456789abcdefghjkmnpqrstvwxyz")


def test_ids_sort_in_the_order_of_their_making() -> None:
    ids = RandomIds()
    made = [ids.new() for _ in range(5000)]
    assert made == sorted(set(made))


def test_ids_tell_when_they_were_made() -> None:
    one = RandomIds().new()
    value = 0
    for letter in one:
        value = value * 32 + "0123456789abcdefghjkmnpqrstvwxyz".index(letter)
    assert abs((value >> 80) / 1000 - time.time()) < 60


def test_ids_of_two_makers_differ() -> None:
    one, two = RandomIds(), RandomIds()
    assert len({ids.new() for ids in (one, two) for _ in range(1000)}) == 2000


@pytest.mark.parametrize("ids", [RandomIds(), CountingIds()])
def test_threads_never_get_the_same_id(ids: Ids) -> None:
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.extend([ids.new() for _ in range(500)])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 2000


def test_counted_ids_can_be_foreseen() -> None:
    ids = CountingIds("run")
    assert [ids.new(), ids.new()] == ["run-000001", "run-000002"]
    assert ids.made == 2
