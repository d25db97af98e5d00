"""What a view costs is held against limits."""

from __future__ import annotations

from treadle.loop.proving import Bench
from treadle.loop.proving.feature_cost import FeatureCost


def test_a_limit_nothing_keeps_fails(bench: Bench) -> None:
    verdict = FeatureCost(lookup="1us").run(bench)
    assert verdict.status == "failed"
    assert "a lookup of regional takes" in verdict.summary


def test_working_out_may_take_a_share_of_the_cadence(bench: Bench) -> None:
    verdict = FeatureCost(lookup="1h", share=1e-9).run(bench)
    assert verdict.status == "failed"
    assert "to work out" in verdict.summary


def test_it_writes_nothing(bench: Bench) -> None:
    view = bench.loop.views[0]
    before = bench.rooms.feature_store.get_online_features([view], [{"region": "north"}])
    FeatureCost().run(bench)
    assert bench.rooms.feature_store.get_online_features([view], [{"region": "north"}]) == before
