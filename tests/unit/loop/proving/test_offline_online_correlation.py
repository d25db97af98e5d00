"""Loss and signal have to go together the right way round."""

from __future__ import annotations

from typing import Any

import pytest

import treadle as td
from treadle.loop.proving.offline_online_correlation import OfflineOnlineCorrelation


def test_the_wrong_way_round_fails(bench_of: Any) -> None:
    with bench_of(signals=[td.Signal("spent", better="lower")]) as bench:
        verdict = OfflineOnlineCorrelation().run(bench)
    assert verdict.status == "failed"
    assert verdict.detail["against"] == ["spent"]


@pytest.mark.parametrize("signals", [[], [td.Signal("nobody_told")]])
def test_nothing_to_correlate_is_skipped(bench_of: Any, signals: list[td.Signal]) -> None:
    with bench_of(signals=signals) as bench:
        assert OfflineOnlineCorrelation().run(bench).status == "skipped"


def test_a_business_signal_decides_alone(bench_of: Any) -> None:
    with bench_of(signals=[td.Signal("spent", business=True), td.Signal("nobody_told")]) as bench:
        verdict = OfflineOnlineCorrelation().run(bench)
    assert (verdict.status, list(verdict.detail["signals"])) == ("passed", ["spent"])
