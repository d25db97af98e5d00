from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from treadle.errors import InvalidInput
from treadle.monitoring import Drift, LiveWindow, QualityDrop

DAY = (datetime(2013, 4, 1, tzinfo=UTC), datetime(2013, 4, 2, tzinfo=UTC))


def window(**more: Any) -> LiveWindow:
    return LiveWindow(*DAY, **{"predictions": 2_000, **more})


def test_equal_distributions_do_not_drift() -> None:
    verdict = Drift().run(window(columns={"temp": ([10, 20, 30], [100, 200, 300])}))
    assert verdict.status == "passed"
    assert verdict.value == pytest.approx(0, abs=1e-3)


def test_a_shifted_distribution_fails_and_names_the_column() -> None:
    columns = {"wind": ([50, 50], [52, 48]), "temp": ([80, 15, 5], [5, 15, 80])}
    verdict = Drift().run(window(columns=columns))
    assert verdict.status == "failed"
    assert "temp" in verdict.summary
    assert verdict.detail["distances"]["wind"] < 0.01 < verdict.detail["distances"]["temp"]


def test_small_windows_judge_nothing() -> None:
    assert Drift().run(window(predictions=999, columns={"t": ([1, 1], [1, 9])})).status == "skipped"
    assert (
        QualityDrop("f1").run(window(labels=499, quality={"f1": 0.1}, released_quality={"f1": 0.9})).status == "skipped"
    )


@pytest.mark.parametrize(("live", "status"), [(0.80, "passed"), (0.751, "passed"), (0.74, "failed")])
def test_quality_may_fall_by_so_much(live: float, status: str) -> None:
    check = QualityDrop("roc_auc", by=0.05)
    verdict = check.run(window(labels=500, quality={"roc_auc": live}, released_quality={"roc_auc": 0.80}))
    assert verdict.status == status
    assert verdict.value == live


def test_a_metric_nobody_measured_is_not_judged() -> None:
    assert QualityDrop("f1").run(window(labels=500, quality={"roc_auc": 0.7})).status == "skipped"


@pytest.mark.parametrize("by", [0, 1, -0.1])
def test_the_margin_is_a_share(by: float) -> None:
    with pytest.raises(InvalidInput):
        QualityDrop("f1", by=by)
