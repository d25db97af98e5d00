"""A candidate that learns nothing is found out."""

from __future__ import annotations

from typing import Any

from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from treadle.loop.proving.model_spec_tested import ModelSpecTested


def test_a_candidate_that_learns_nothing_is_found_out(bench_of: Any) -> None:
    with bench_of(
        train=[DummyClassifier(strategy="uniform", random_state=0), LogisticRegression()], search=None
    ) as bench:
        verdict = ModelSpecTested().run(bench)
    assert verdict.status == "failed"
    assert list(verdict.detail["failures"]) == ["dummy_classifier"]
    assert "no better than a constant" in verdict.summary
