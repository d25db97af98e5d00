"""No request is dropped, doubled or answered by two versions at once: swaps under load, and kills at random instants.

The witness is a client in a process of its own that keeps its own book; see `benchmarks/swaps.py` and `benchmarks/kills.py` for
a thousand swaps and five hundred kills.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from treadle.testing.ordeal import kills, swaps

SWAPS = int(os.environ.get("TREADLE_TEST_SWAPS", "100"))
KILLS = int(os.environ.get("TREADLE_TEST_KILLS", "30"))
pytestmark = pytest.mark.skipif(os.name == "nt", reason="kill -9 is of POSIX systems")


def test_swaps_drop_and_mix_nothing(tmp_path: Path) -> None:
    outcome = swaps(tmp_path / "project", SWAPS)
    assert outcome.wrong == []
    assert outcome.sent == outcome.answered == outcome.logged > SWAPS * 20
    assert (outcome.asked_again, outcome.logged_again) == (0, 0)


def test_whatever_is_killed_what_was_answered_is_logged_and_counts_once(tmp_path: Path) -> None:
    outcome = kills(tmp_path / "project", KILLS)
    assert outcome.wrong == []
    assert outcome.sent == outcome.answered == outcome.logged > KILLS * 20
    assert sum(outcome.kills.values()) == KILLS
    assert outcome.logged_again <= outcome.asked_again
