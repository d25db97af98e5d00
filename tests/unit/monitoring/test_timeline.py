"""How a history ends does not depend on the order in which its entries arrive."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from treadle.monitoring.timeline import Timeline

# one value for each moment: what is said at the very same moment is decided by who comes first
said = st.dictionaries(st.integers(0, 20), st.sampled_from("abc"), max_size=8)


def told(values: list[tuple[int, str]]) -> Timeline:
    line = Timeline()
    for at, value in values:
        line.add(at, value)
    return line


@given(said, st.randoms(use_true_random=False))
def test_any_order_of_arrival_ends_the_same(values: dict[int, str], chance: random.Random) -> None:
    order = list(values.items())
    chance.shuffle(order)
    end = told(order).in_force()
    assert (end and end[2]) == (values[max(values)] if values else None)


@given(said)
def test_in_order_of_time_every_moment_is_as_it_was_said(values: dict[int, str]) -> None:
    line = told(sorted(values.items()))
    for moment in range(-1, 22):
        known = [at for at in values if at <= moment]
        found = line.in_force(moment)
        assert (found and found[2]) == (values[max(known)] if known else None)


@given(said, st.randoms(use_true_random=False))
def test_trying_again_changes_nothing(values: dict[int, str], chance: random.Random) -> None:
    order = list(values.items())
    chance.shuffle(order)
    line = told(order)
    before = list(line.entries)
    for at in range(21):
        known = line.in_force(at)
        if known is not None:
            assert line.add(at, known[2], given=False) is None
    assert line.entries == before


@given(said)
def test_numbers_are_given_once_and_repetitions_do_not_pile_up(values: dict[int, str]) -> None:
    line = told(list(values.items()))
    assert sorted(number for _, number, _ in line.entries) == list(range(len(line.entries)))
    assert [at for at, _, _ in line.entries] == sorted(at for at, _, _ in line.entries)
    again = told([(at, "a") for at in range(10)])
    assert (again.entries, again.since, again.changes) == ([(0, 0, "a"), (9, 1, "a")], 0, 1)
