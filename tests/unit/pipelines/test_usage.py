from __future__ import annotations

import threading
import time

import pytest

from treadle.pipelines.usage import Meter, highest_memory, resident_memory


def _burn(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def test_a_step_that_runs_alone_is_charged_with_all_its_threads() -> None:
    meter = Meter()
    mark = meter.begin()
    helper = threading.Thread(target=_burn, args=(0.05,))
    helper.start()
    helper.join()
    assert meter.end(mark).cpu_seconds >= 0.05


def test_steps_side_by_side_are_charged_with_their_own_thread() -> None:
    meter = Meter()
    mark = meter.begin()

    def beside() -> None:
        other = meter.begin()
        _burn(0.1)
        assert meter.end(other).cpu_seconds >= 0.1

    helper = threading.Thread(target=beside)
    helper.start()
    helper.join()
    assert meter.end(mark).cpu_seconds < 0.1


@pytest.mark.skipif(resident_memory() is None, reason="the system does not say")
def test_memory_is_seen_at_its_height() -> None:
    meter = Meter()
    before = highest_memory()
    mark = meter.begin()
    held = bytearray(b"x") * 300_000_000
    meter.sample()
    del held
    used = meter.end(mark)
    assert before is not None
    assert used.peak_memory is not None
    assert used.peak_memory >= 300_000_000
