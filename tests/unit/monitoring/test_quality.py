from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treadle.evaluation import evaluate
from treadle.monitoring.jackknife import fallen, measured
from treadle.monitoring.quality import Sums


def binary(rows: int, seed: int, digits: int = 2) -> pa.Table:
    rng = np.random.default_rng(seed)
    score = rng.random(rows).round(digits)
    outcome = (rng.random(rows) < score).astype(float)
    return pa.table(
        {"score": score, "outcome": outcome, "label": outcome.astype(str), "predicted": (score > 0.5).astype(str)}
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(30, 400), st.integers(0, 10_000))
def test_metrics_from_sums_are_those_of_the_evaluation(rows: int, seed: int) -> None:
    """Scores of one digit fall into bins of their own, so that nothing is lost."""
    table = binary(rows, seed, digits=1)
    score, outcome = np.asarray(table["score"]), np.asarray(table["outcome"])
    sums = Sums.of("binary", np.arange(0, 11) / 10)
    total = sums.by_day(table, np.arange(rows) % 5, 0, 5).sum(axis=0)
    found = evaluate("binary", outcome.astype(int), (score > 0.5).astype(int), score, classes=(0, 1))
    for name in sums.metrics:
        value = float(sums.value(name, total))
        if name in found:
            assert value == pytest.approx(found[name].value, abs=1e-9), name
        else:
            assert not np.isfinite(value)
    assert sums.rows(total) == rows


def test_fine_scores_lose_next_to_nothing() -> None:
    table = binary(20_000, 1, digits=9)
    score, outcome = np.asarray(table["score"]), np.asarray(table["outcome"]).astype(int)
    sums = Sums.of("binary", score)
    total = sums.by_day(table, np.zeros(20_000, int), 0, 1)[0]
    exact = evaluate("binary", outcome, (score > 0.5).astype(int), score, classes=(0, 1))
    assert float(sums.value("roc_auc", total)) == pytest.approx(exact["roc_auc"].value, abs=1e-3)
    assert float(sums.value("f1", total)) == pytest.approx(exact["f1"].value, abs=1e-9)


@pytest.mark.parametrize("classes", [3, 29, 40])
def test_accuracy_counts_classes_that_the_release_did_not_know(classes: int) -> None:
    rng = np.random.default_rng(classes)
    names = np.array([f"class {number:02}" for number in range(classes)])
    truth, said = rng.choice(names, 2_000), rng.choice(names, 2_000)
    said = np.where(rng.random(2_000) < 0.6, truth, said)
    truth = np.where(rng.random(2_000) < 0.2, "nobody knew", truth)
    table = pa.table({"label": truth, "predicted": said})
    sums = Sums.of("multiclass", np.zeros(0), tuple(names))
    total = sums.by_day(table, np.arange(2_000) % 3, 0, 3).sum(axis=0)
    assert float(sums.value("accuracy", total)) == pytest.approx((truth == said).mean())
    assert sums.rows(total) == 2_000
    assert 0 < float(sums.value("macro_f1", total)) < 1


def test_of_several_classes_rows_without_a_label_count_for_nothing() -> None:
    table = pa.table({"label": pa.array(["a", None, "b"]), "predicted": ["a", "a", "a"]})
    sums = Sums.of("multiclass", np.zeros(0), ("a", "b"))
    total = sums.by_day(table, np.zeros(3, int), 0, 1)[0]
    assert (sums.rows(total), float(sums.value("accuracy", total))) == (2, 0.5)


def test_regression_and_several_classes() -> None:
    rng = np.random.default_rng(2)
    truth = rng.normal(size=300)
    said = truth + rng.normal(size=300)
    sums = Sums("regression")
    total = sums.by_day(pa.table({"score": said, "outcome": truth}), rng.integers(0, 3, 300), 0, 3).sum(axis=0)
    exact = evaluate("regression", truth, said)
    assert {n: pytest.approx(exact[n].value) for n in sums.metrics} == {
        n: float(sums.value(n, total)) for n in sums.metrics
    }

    label, predicted = rng.choice(list("abc"), 300), rng.choice(list("abc"), 300)
    several = Sums.of("multiclass", np.empty(0), ("a", "b", "c"))
    table = pa.table({"label": label, "predicted": predicted})
    total = several.by_day(table, rng.integers(0, 3, 300), 0, 3).sum(axis=0)
    exact = evaluate("multiclass", label, predicted, classes=("a", "b", "c"))
    for name in several.metrics:
        assert float(several.value(name, total)) == pytest.approx(exact[name].value)


def test_rows_without_a_label_count_for_nothing() -> None:
    table = pa.table({"score": [0.1, 0.9, 0.8], "outcome": pa.array([0.0, None, 1.0])})
    assert Sums.of("binary", np.array([0.5])).by_day(table, np.zeros(3, int), 0, 1)[0][:4].sum() == 2


def test_sums_are_kept_and_come_back() -> None:
    sums = Sums.of("binary", np.array([0.2, 0.7]))
    assert Sums.from_document(sums.document()) == sums


def means(sums: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums[..., 0] / sums[..., 1]


def test_the_interval_of_a_mean_of_days_is_students() -> None:
    values = np.array([0.2, 0.5, 0.4, 0.1, 0.3])
    found = measured(np.column_stack([values * 10, np.full(5, 10.0)]), means)
    half = 2.7764 * values.std(ddof=1) / np.sqrt(5)
    assert found is not None
    assert (found.value, found.low) == (pytest.approx(0.3), pytest.approx(0.3 - half, abs=1e-4))


def test_a_fall_is_as_rare_as_it_says() -> None:
    rng = np.random.default_rng(3)
    chances = []
    for _ in range(500):
        day = rng.normal(0.7, 0.05, 34)
        sums = np.column_stack([day * 100, np.full(34, 100.0)])
        released, live = measured(sums[:27], means), measured(sums[27:], means)
        assert released is not None
        assert live is not None
        chances.append(fallen(released, live, higher_is_better=True).p)
    assert np.mean(np.array(chances) < 0.05) == pytest.approx(0.05, abs=0.03)


def test_one_day_has_no_interval_and_nothing_has_no_value() -> None:
    assert measured(np.zeros((3, 2)), means) is None
    single = measured(np.array([[3.0, 10.0]]), means)
    assert single is not None
    assert single.low == single.high == 0.3
