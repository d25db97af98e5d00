"""What a feature is worth, from shuffling it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.unit.loop.proving.conftest import NOW
from treadle.clock import parse_moment
from treadle.loop.proving import Bench
from treadle.loop.proving.feature_benefit import FeatureBenefit, _interval


def test_what_drives_the_label_is_worth_most(bench: Bench) -> None:
    worth: dict[str, Any] = FeatureBenefit().run(bench).detail["worth"]
    assert set(worth) == {"regional__churned_mean_2d", "regional__plan", "age", "plan"}
    assert list(worth)[:2] == ["age", "plan"]
    assert worth["age"]["low"] > 0


def test_the_same_seed_gives_the_same_answer(bench: Bench) -> None:
    assert FeatureBenefit().run(bench) == FeatureBenefit().run(bench)


def test_without_a_version_nothing_is_asked(bench_of: Any) -> None:
    with bench_of() as bench:
        bench.loop.name = "unknown"
        assert FeatureBenefit().run(bench).status == "skipped"


def test_rows_of_one_day_are_not_taken_for_independent() -> None:
    """Twenty days on which a feature was worth something or not, by chance: five hundred rows a day make that no surer."""
    chance = np.random.default_rng(7)
    days = np.repeat(np.arange(20), 500)
    worth = chance.normal(0, 1, 20)[days] + chance.normal(0, 0.1, len(days))
    together, alone = _interval(worth, days, 0.05), _interval(worth, np.arange(len(days)), 0.05)
    assert together[1] < 0 < together[2]
    assert together[2] - together[1] > 10 * (alone[2] - alone[1])
    assert together[0] == pytest.approx(worth.mean())


def test_day_limits_hold_as_often_as_they_say() -> None:
    """Days that swing by themselves: the limits leave out the truth in about 5 of 100 draws, not in most."""
    chance = np.random.default_rng(3)
    days = np.repeat(np.arange(12), 40)
    missed = 0
    for _ in range(400):
        _, low, high = _interval(chance.normal(0, 1, 12)[days] + chance.normal(0, 1, len(days)), days, 0.05)
        missed += not low <= 0 <= high
    assert 4 <= missed <= 40


def test_a_feature_that_harms_every_day_fails(bench_of: Any) -> None:
    """The labels of the rows it did not learn from are turned round: then what the model relies on makes it worse."""
    with bench_of() as bench:
        split, label = bench.split, bench.loop.label.column
        place = split.column_names.index(label)
        turned = [not value for value in split[label].to_pylist()]
        bench.__dict__["split"] = split.set_column(place, label, [turned])
        verdict = FeatureBenefit().run(bench)
    assert verdict.status == "failed"
    assert "age" in verdict.detail["useless"]


def test_a_few_days_tell_nothing(bench_of: Any) -> None:
    with bench_of() as bench:
        bench.__dict__["split"] = bench.split.sort_by("at").slice(bench.split.num_rows - 40)
        verdict = FeatureBenefit().run(bench)
    assert verdict.status == "skipped"
    assert "it takes 5 to tell luck from use" in verdict.summary


def test_a_version_that_no_turn_made_is_asked_about_rows_that_came_later(bench_of: Any, monkeypatch: Any) -> None:
    with bench_of() as bench:
        pushed = replace(bench.champion, created_at=parse_moment("2024-02-01"), execution=None)
        monkeypatch.setattr(Bench, "champion", pushed)
        verdict = FeatureBenefit().run(bench)
        assert verdict.status == "passed"
        assert list(verdict.detail["worth"])[:2] == ["age", "plan"]
        monkeypatch.setattr(Bench, "champion", replace(pushed, created_at=NOW))
        assert FeatureBenefit().run(bench).status == "skipped"
