"""Two models on the same rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from treadle.errors import InvalidInput, NotFound
from treadle.evaluation import compare, evaluate
from treadle.evaluation.metrics import roc_auc
from treadle.models import Prediction


def said(scores: np.ndarray) -> Prediction:
    return Prediction(scores > 0.5, np.column_stack([1 - scores, scores]))


@pytest.fixture
def truth() -> np.ndarray:
    return np.random.default_rng(11).random(1_500) < 0.4


def noisy(positive: np.ndarray, noise: float, seed: int) -> np.ndarray:
    draws = np.random.default_rng(seed).normal(size=len(positive))
    return 1 / (1 + np.exp(-(2.0 * positive - 1.0 + noise * draws)))


@pytest.mark.parametrize("metric", ["roc_auc", "log_loss", "f1", "average_precision", "brier", "precision"])
def test_the_clearly_better_model_wins_whichever_way_the_metric_points(truth: np.ndarray, metric: str) -> None:
    good, poor = said(noisy(truth, 1.0, 1)), said(noisy(truth, 4.0, 2))
    found = compare("binary", truth, good, poor, metric, classes=(False, True))
    turned = compare("binary", truth, poor, good, metric, classes=(False, True))
    assert (found.better, turned.better) == ("a", "b")
    assert found.low <= found.difference <= found.high
    assert found.difference == pytest.approx(-turned.difference)
    whole = evaluate("binary", truth, good.labels, good.scores, classes=(False, True))
    assert found.a == pytest.approx(whole[metric].value)


def test_a_model_ties_with_itself(truth: np.ndarray) -> None:
    model = said(noisy(truth, 2.0, 1))
    found = compare("binary", truth, model, model, classes=(False, True))
    assert (found.better, found.difference, found.low, found.high) == ("tie", 0.0, 0.0, 0.0)


def test_the_same_seed_gives_the_same_interval(truth: np.ndarray) -> None:
    a, b = said(noisy(truth, 2.0, 1)), said(noisy(truth, 2.2, 2))

    def once(seed: int) -> Any:
        return compare("binary", truth, a, b, classes=(False, True), seed=seed)

    assert once(1) == once(1)
    assert once(1) != once(2)


def test_pairing_makes_the_interval_narrower_than_two_alone(truth: np.ndarray) -> None:
    scores = noisy(truth, 2.0, 1)
    nearly = np.clip(scores + np.random.default_rng(3).normal(size=len(scores)) * 0.02, 0.001, 0.999)
    found = compare("binary", truth, said(scores), said(nearly), classes=(False, True))
    alone = evaluate("binary", truth, scores > 0.5, scores, classes=(False, True))["roc_auc"]
    assert found.high - found.low < 0.3 * (alone.high - alone.low)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("noise", [2.0, 2.3, 4.0])
def test_many_rows_are_compared_by_covariance_as_resampling_would(noise: float, weighted: bool) -> None:
    rng = np.random.default_rng(5)
    y = rng.random(4_000) < 0.3
    weights = rng.integers(1, 4, len(y)).astype(float) if weighted else np.ones(len(y))
    scores = noisy(y, 2.0, 1)
    other = 1 / (1 + np.exp(-(np.log(scores / (1 - scores)) + noise * rng.normal(size=len(y)) / 4)))
    found = compare("binary", y, said(scores), said(other), classes=(False, True), weights=weights)
    value = [roc_auc.prepare(y, one) for one in (scores, other)]
    drawn = []
    for _ in range(600):
        times = np.bincount(rng.integers(len(y), size=len(y)), minlength=len(y)) * weights
        drawn.append(value[0](times) - value[1](times))
    low, high = np.quantile(drawn, [0.025, 0.975])
    width = high - low
    assert found.difference == pytest.approx(value[0](weights) - value[1](weights))
    assert (found.low, found.high) == (pytest.approx(low, abs=0.15 * width), pytest.approx(high, abs=0.15 * width))


def test_equal_models_are_rarely_called_different() -> None:
    """Of 40 pairs of equally good models, the interval leaves out zero in about one of twenty."""
    rng = np.random.default_rng(4)
    wrong = 0
    for seed in range(40):
        y = rng.random(300) < 0.5
        a, b = said(noisy(y, 2.0, 2 * seed)), said(noisy(y, 2.0, 2 * seed + 1))
        wrong += compare("binary", y, a, b, classes=(False, True)).better != "tie"
    assert wrong <= 7


def test_regression_and_multiclass_are_compared_too() -> None:
    rng = np.random.default_rng(5)
    y = rng.normal(size=500)
    found = compare("regression", y, Prediction(y + rng.normal(size=500) * 0.1), Prediction(y * 0))
    assert (found.metric, found.better) == ("r2", "a")
    for metric in ("mae", "rmse", "median_absolute_error"):
        assert compare("regression", y, Prediction(y * 0.9), Prediction(y * 0), metric).better == "a"
    classes = np.array(["a", "b", "c"])
    truth = rng.integers(3, size=400)
    one, other = np.eye(3)[truth] * 0.9 + 0.03, np.full((400, 3), 1 / 3)
    for metric in ("accuracy", "macro_f1", "log_loss", "roc_auc_ovr"):
        pair = Prediction(classes[truth], one), Prediction(classes[np.zeros(400, int)], other)
        assert compare("multiclass", classes[truth], *pair, metric, classes=classes).better == "a", metric


def test_a_metric_without_meaning_is_refused(truth: np.ndarray) -> None:
    model = said(noisy(truth, 2.0, 1))
    with pytest.raises(InvalidInput, match="no meaning"):
        compare("binary", np.zeros(len(truth), bool), model, model, classes=(False, True))
    with pytest.raises(NotFound):
        compare("binary", truth, model, model, "rmse", classes=(False, True))
    with pytest.raises(InvalidInput, match="scores"):
        compare("binary", truth, Prediction(truth), Prediction(truth), classes=(False, True))
