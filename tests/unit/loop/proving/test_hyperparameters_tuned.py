"""Settings count as tuned only when a search tried some."""

from __future__ import annotations

from typing import Any

from treadle.loop.proving.hyperparameters_tuned import HyperparametersTuned


def test_a_loop_without_a_search_has_nothing_tuned(bench_of: Any) -> None:
    with bench_of(search=None) as bench:
        assert HyperparametersTuned().run(bench).status == "failed"


def test_more_trials_can_be_asked_for(bench_of: Any) -> None:
    with bench_of() as bench:
        verdict = HyperparametersTuned(trials=4).run(bench)
    assert (verdict.status, verdict.value, verdict.threshold) == ("failed", 3.0, 4.0)
