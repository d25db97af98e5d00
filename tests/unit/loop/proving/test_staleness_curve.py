"""What age costs: old versions on newer rows, or the candidate trained as of earlier."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import treadle as td
from tests.unit.loop.proving.conftest import NOW, bench_over, declared, shop
from treadle.clock import ReplayClock, parse_moment
from treadle.loop.proving import Bench
from treadle.loop.proving.staleness_curve import StalenessCurve
from treadle.workspace import Workspace

ROWS = 3_000
MADE = ("2024-01-15", "2024-01-25", "2024-02-04")


@contextmanager
def turned(folder: Path, *moments: str) -> Iterator[Workspace]:
    (folder / "treadle.toml").write_text('[project]\nname = "shop"\n')
    shop(ROWS).to_csv(folder / "shop.csv", index=False)
    with Workspace.open(folder, clock=ReplayClock(NOW)) as opened:
        for moment in moments:
            opened.turn(declared(rollout=td.rollouts.AtOnce(), search=None), as_of=parse_moment(moment))
        yield opened


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A model with three versions, made ten days apart."""
    with turned(tmp_path_factory.mktemp("history"), *MADE) as opened:
        yield opened


def test_every_registered_version_is_asked_about_later_rows(history: Workspace) -> None:
    with bench_over(history) as bench:
        verdict = StalenessCurve().run(bench)
    detail: Any = verdict.detail
    assert (verdict.status, detail["replayed"], detail["metric"]) == ("passed", True, "roc_auc")
    by_version = {each["version"] for each in detail["evaluations"]}
    assert by_version == {"churn@1", "churn@2", "churn@3"}
    made = {f"churn@{number}": parse_moment(moment) for number, moment in enumerate(MADE, 1)}
    for each in detail["evaluations"]:
        assert each["begin"] >= made[each["version"]]
        middle = each["begin"] + timedelta(days=detail["span_days"]) / 2
        assert each["days"] == pytest.approx((middle - made[each["version"]]) / timedelta(days=1))
        assert each["low"] <= each["value"] <= each["high"]
    assert len(detail["curve"]) >= 3
    assert "3 registered versions on later rows" in verdict.summary


def test_a_version_without_a_file_is_left_out_and_said(history: Workspace) -> None:
    file = history.models.store.path(history.registry.get("churn", 1).digest)
    kept = file.read_bytes()
    file.unlink()
    try:
        with bench_over(history) as bench:
            detail: Any = StalenessCurve().run(bench).detail
    finally:
        file.write_bytes(kept)
    assert detail["left_out"] == ["churn@1 has no file any more"]
    assert {each["version"] for each in detail["evaluations"]} == {"churn@2", "churn@3"}


def test_a_version_that_was_refused_is_measured_but_does_not_count(history: Workspace) -> None:
    with bench_over(history) as bench:
        before = StalenessCurve().run(bench)
        history.registry.refuse("churn", 2, "It was unfair.")
        after = StalenessCurve().run(bench)
    marked: Any = after.detail["evaluations"]
    assert {each["version"] for each in marked if each["refused"]} == {"churn@2"}
    assert len(marked) == len(before.detail["evaluations"])
    assert "2 registered versions on later rows" in after.summary


def test_a_single_version_has_older_ones_made_for_it(bench: Bench) -> None:
    verdict = StalenessCurve().run(bench)
    detail: Any = verdict.detail
    assert (verdict.status, detail["replayed"]) == ("passed", False)
    assert "3 versions trained as of earlier instants" in verdict.summary
    names = [each["version"] for each in detail["evaluations"]]
    assert [names.count(name) for name in dict.fromkeys(names)] == [3, 2, 1]
    assert [round(point["days"]) for point in detail["curve"]] == [5, 15, 25]


def test_a_short_history_has_no_curve(bench_of: Any) -> None:
    with bench_of() as bench:
        bench.__dict__["split"] = bench.split.slice(0, 300)
        verdict = StalenessCurve().run(bench)
    assert verdict.status == "skipped"
    assert "two versions and three ages make a curve" in verdict.summary
