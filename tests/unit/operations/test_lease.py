"""One holder at a time, an epoch that grows, beats that show life."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treadle.errors import Fenced, InvalidInput
from treadle.operations import Lease
from treadle.operations.holder import holder_name, is_gone, machine
from treadle.testing import FakeClock, Ground


def lease(ground: Ground, holder: str, clock: FakeClock | None = None) -> Lease:
    return Lease(ground.database, project=ground.project, clock=clock or FakeClock(), holder=holder, seconds=15.0)


def test_one_of_two_holds_it(ground: Ground) -> None:
    first, second = lease(ground, "a"), lease(ground, "b")
    assert first.try_acquire()
    assert first.try_acquire()
    assert not second.try_acquire()
    assert (first.epoch, second.epoch, second.held) == (1, 0, False)


def test_a_released_lease_passes_on_at_once_with_a_new_epoch(ground: Ground) -> None:
    first, second = lease(ground, "a"), lease(ground, "b")
    first.try_acquire()
    first.release()
    assert second.try_acquire()
    assert second.epoch == 2
    with pytest.raises(Fenced):
        first.keep()


def test_a_rival_waits_for_the_whole_time_to_live_by_its_own_clock(ground: Ground) -> None:
    first, clock = lease(ground, "a"), FakeClock(seconds=1_000_000.0)
    second = lease(ground, "b", clock)
    first.try_acquire()
    assert not second.try_acquire()
    clock.sleep(14.9)
    assert not second.try_acquire()
    clock.sleep(0.2)
    assert second.try_acquire()
    assert second.epoch == 2


def test_beats_begin_the_wait_anew(ground: Ground) -> None:
    alive, clock = FakeClock(), FakeClock()
    first, second = lease(ground, "a", alive), lease(ground, "b", clock)
    first.try_acquire()
    for _ in range(10):
        alive.sleep(4.0)
        clock.sleep(14.0)
        first.keep()
        assert not second.try_acquire()


def test_keeping_writes_only_now_and_then(ground: Ground) -> None:
    clock = FakeClock()
    held = lease(ground, "a", clock)
    held.try_acquire()
    for _ in range(100):
        clock.sleep(0.1)
        held.keep()
    row = ground.database.one("SELECT beats FROM leases WHERE project = :p", p=ground.project)
    assert row == {"beats": 2}


def test_a_holder_that_slept_learns_that_it_passed_on(ground: Ground) -> None:
    asleep, clock = FakeClock(), FakeClock()
    first, second = lease(ground, "a", asleep), lease(ground, "b", clock)
    first.try_acquire()
    second.try_acquire()
    clock.sleep(16.0)
    assert second.try_acquire()
    asleep.sleep(60.0)
    with pytest.raises(Fenced):
        first.keep()
    assert not first.held
    assert not first.try_acquire()
    second.keep(now=True)


def test_what_stands_on_a_lease_is_fenced_whatever_verb_writes(ground: Ground) -> None:
    first, second = lease(ground, "a"), lease(ground, "b")
    first.try_acquire()
    first_fence = first.fence
    with ground.database.fenced(first_fence):
        ground.database.execute("UPDATE leases SET beats = 7 WHERE project = :p", p=ground.project)
    first.release()
    second.try_acquire()
    with ground.database.fenced(first_fence):
        with pytest.raises(Fenced):
            ground.database.execute("UPDATE leases SET beats = 8 WHERE project = :p", p=ground.project)
        with pytest.raises(Fenced), ground.database.transaction():
            raise AssertionError("not reached")
        assert ground.database.one("SELECT beats FROM leases WHERE project = :p", p=ground.project) == {"beats": 0}
    ground.database.execute("UPDATE leases SET beats = 9 WHERE project = :p", p=ground.project)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["acquire", "keep", "release", "sleep", "long"]))))
def test_two_never_write_under_one_epoch(
    tmp_path_factory: pytest.TempPathFactory, moves: list[tuple[int, str]]
) -> None:
    ground = Ground.at(tmp_path_factory.mktemp("lease"))
    clocks = [FakeClock() for _ in range(3)]
    rivals = [lease(ground, name, clock) for name, clock in zip("abc", clocks, strict=True)]
    writers: dict[int, str] = {}
    for who, move in moves:
        rival, clock = rivals[who], clocks[who]
        if move in ("sleep", "long"):
            clock.sleep(5.0 if move == "sleep" else 20.0)
        elif move == "acquire":
            rival.try_acquire()
        elif move == "release":
            rival.release()
        elif rival.held:
            try:
                with ground.database.transaction(rival.fence):
                    assert writers.setdefault(rival.epoch, rival.holder) == rival.holder
            except Fenced:
                rival.lose()
    assert sorted(writers) == list(writers)
    ground.database.close()


def test_a_neighbour_that_is_gone_is_seen_at_once(ground: Ground) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    first, second = lease(ground, f"{machine()}/{gone.pid}/00"), lease(ground, "b")
    first.try_acquire()
    assert second.try_acquire()


def test_only_a_neighbour_can_be_seen_to_be_gone() -> None:
    assert not is_gone(holder_name())
    assert not is_gone(f"elsewhere/{os.getpid()}/00")
    assert not is_gone("a")
    assert not is_gone("")


def test_a_lease_lasts(ground: Ground) -> None:
    with pytest.raises(InvalidInput):
        Lease(ground.database, project="p", clock=FakeClock(), seconds=0)
