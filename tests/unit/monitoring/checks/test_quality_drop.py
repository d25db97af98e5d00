from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest

from treadle.errors import InvalidInput
from treadle.monitoring import LiveWindow, QualityDrop

Traffic = Callable[..., pa.Table]
WindowOf = Callable[..., LiveWindow]


@pytest.mark.parametrize("metric", ["roc_auc", "f1", "log_loss"])
def test_quality_as_released_passes_and_lies_in_its_interval(
    traffic: Traffic, window_of: WindowOf, metric: str
) -> None:
    verdict = QualityDrop(metric).run(window_of(traffic(7, first=90)))
    assert verdict.status == "passed"
    value, low, high = verdict.detail["live"]
    assert low <= value <= high


@pytest.mark.parametrize("metric", ["roc_auc", "f1", "log_loss"])
def test_a_model_that_guesses_fails(traffic: Traffic, window_of: WindowOf, metric: str) -> None:
    verdict = QualityDrop(metric).run(window_of(traffic(7, first=90, noise=0.8)))
    assert verdict.status == "failed"
    assert verdict.detail["drop"] > 0.05
    assert metric in verdict.summary


def test_a_small_loss_is_tolerated(traffic: Traffic, window_of: WindowOf) -> None:
    verdict = QualityDrop("roc_auc", by=0.3).run(window_of(traffic(7, first=90, noise=0.5)))
    assert verdict.detail["drop"] > 0
    assert verdict.status == "passed"


def test_too_few_labels_judge_nothing(traffic: Traffic, window_of: WindowOf) -> None:
    verdict = QualityDrop("f1").run(window_of(traffic(7, first=90, rows=70)))
    assert verdict.status == "skipped"
    assert "500 are needed" in verdict.summary


def test_a_metric_nobody_can_measure_live_is_not_judged(traffic: Traffic, window_of: WindowOf) -> None:
    assert QualityDrop("rmse").run(window_of(traffic(7, first=90))).status == "skipped"
    assert QualityDrop("f1").run(window_of(traffic(7, first=90), reference=None)).status == "skipped"


@pytest.mark.parametrize("by", [0, 1, -0.1])
def test_the_margin_is_a_share(by: float) -> None:
    with pytest.raises(InvalidInput):
        QualityDrop("f1", by=by)


def test_an_interval_ends_where_the_metric_does(traffic: Traffic, window_of: WindowOf) -> None:
    found = QualityDrop("roc_auc", min_labels=10).run(window_of(traffic(2, first=90, rows=25)))
    value, low, high = found.detail["live"]
    assert 0 <= low < value < high <= 1
    assert low == 0 or high == 1
