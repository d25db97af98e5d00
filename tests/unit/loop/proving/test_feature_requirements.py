"""Features that break a rule are named."""

from __future__ import annotations

from typing import Any

import pytest

import treadle as td
from treadle.loop.proving.feature_requirements import FeatureRequirements


@pytest.mark.parametrize(
    ("features", "why"), [(["age", "id"], "id: it is a key"), (["age", "contact"], "name single rows")]
)
def test_a_column_that_names_rows_is_refused(bench_of: Any, features: list[str], why: str) -> None:
    with bench_of(features=features) as bench:
        verdict = FeatureRequirements().run(bench)
    assert verdict.status == "failed"
    assert why in verdict.summary


def test_what_never_expires_is_named(bench_of: Any) -> None:
    with bench_of() as bench:
        forever = td.FeatureView("forever", bench.loop.source, entity="region", features=["plan"])
        bench.loop.views = (forever,)
        assert "forever: what it gives never expires" in FeatureRequirements().run(bench).summary


def test_too_many_are_too_many(bench_of: Any) -> None:
    with bench_of() as bench:
        assert FeatureRequirements(most=3).run(bench).status == "failed"
        assert FeatureRequirements(most=4).run(bench).status == "passed"
