"""Every metric against scikit-learn's, on random rows with ties, weights and rare classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from treadle.errors import InvalidInput, NotFound
from treadle.evaluation import evaluate, metric_named, metrics_of, primary_metric

ROWS = st.integers(2, 60)


@st.composite
def binary_rows(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    n = draw(ROWS)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    y = rng.random(n) < draw(st.floats(0.05, 0.95))
    y[:2] = [False, True]
    scores = np.round(rng.random(n), draw(st.integers(1, 6)))  # rounding makes ties
    weights = rng.random(n) + 0.1 if draw(st.booleans()) else np.ones(n)
    return y, scores > 0.5, scores, weights


@given(binary_rows())
@settings(max_examples=150, deadline=None)
def test_binary_metrics_equal_scikit_learn(rows: tuple[np.ndarray, ...]) -> None:
    y, labels, scores, weights = rows
    found = evaluate("binary", y, labels, scores, classes=(False, True), weights=weights)
    weighted: dict[str, Any] = {"sample_weight": weights}
    expected = {
        "roc_auc": reference.roc_auc_score(y, scores, **weighted),
        "average_precision": reference.average_precision_score(y, scores, **weighted),
        "log_loss": reference.log_loss(y, scores, **weighted),
        "brier": reference.brier_score_loss(y, scores, **weighted),
        "accuracy": reference.accuracy_score(y, labels, **weighted),
        "f1": reference.f1_score(y, labels, zero_division=0, **weighted),
        "precision": reference.precision_score(y, labels, zero_division=0, **weighted),
        "recall": reference.recall_score(y, labels, zero_division=0, **weighted),
    }
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert found[name].value == pytest.approx(value, abs=1e-9), name
        assert found[name].low - 1e-12 <= found[name].value <= found[name].high + 1e-12, name


@given(st.integers(0, 2**32 - 1), st.integers(3, 5), ROWS, st.booleans())
@settings(max_examples=100, deadline=None)
def test_multiclass_metrics_equal_scikit_learn(seed: int, k: int, n: int, weighted: bool) -> None:
    rng = np.random.default_rng(seed)
    classes = [f"class {c}" for c in range(k)]
    y = np.append(np.arange(k), rng.integers(k, size=n))
    scores = rng.dirichlet(np.ones(k), size=len(y))
    labels = scores.argmax(axis=1)
    weights = rng.random(len(y)) + 0.1 if weighted else np.ones(len(y))
    names = np.array(classes)
    found = evaluate("multiclass", names[y], names[labels], scores, classes=classes, weights=weights)
    by_class = [reference.roc_auc_score(y == c, scores[:, c], sample_weight=weights) for c in range(k)]
    expected = {
        "accuracy": reference.accuracy_score(y, labels, sample_weight=weights),
        "macro_f1": reference.f1_score(y, labels, average="macro", zero_division=0, sample_weight=weights),
        "log_loss": reference.log_loss(y, scores, sample_weight=weights),
        "roc_auc_ovr": np.mean(by_class),
    }
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert found[name].value == pytest.approx(value, abs=1e-9), name


@given(st.integers(0, 2**32 - 1), ROWS, st.booleans())
@settings(max_examples=100, deadline=None)
def test_regression_metrics_equal_scikit_learn(seed: int, n: int, weighted: bool) -> None:
    rng = np.random.default_rng(seed)
    y = rng.normal(size=n) * 10
    said = y + rng.normal(size=n)
    weights = rng.random(n) + 0.1 if weighted else np.ones(n)
    found = evaluate("regression", y, said, weights=weights)
    assert found["mae"].value == pytest.approx(reference.mean_absolute_error(y, said, sample_weight=weights))
    assert found["rmse"].value == pytest.approx(reference.root_mean_squared_error(y, said, sample_weight=weights))
    assert found["r2"].value == pytest.approx(reference.r2_score(y, said, sample_weight=weights))
    if not weighted:
        assert found["median_absolute_error"].value == pytest.approx(reference.median_absolute_error(y, said))


def test_whole_weights_count_as_so_many_rows() -> None:
    rng = np.random.default_rng(1)
    y, scores = rng.random(300) < 0.4, np.round(rng.random(300), 2)
    times = rng.integers(1, 4, size=300)
    weighted = evaluate("binary", y, scores > 0.5, scores, classes=(False, True), weights=times)
    repeated = evaluate(
        "binary", y.repeat(times), (scores > 0.5).repeat(times), scores.repeat(times), classes=(False, True)
    )
    for name in weighted:
        assert weighted[name].value == pytest.approx(repeated[name].value, abs=1e-12), name


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_intervals_hold_the_truth_about_as_often_as_they_say(task: Any) -> None:
    """Of 300 samples of a large population, the interval of each metric holds the population's value 95 % of the time."""
    rng = np.random.default_rng(3)
    y, labels, scores, classes = _population(task, rng, 60_000)
    whole = evaluate(task, y, labels, scores, classes=classes)
    holds = dict.fromkeys(whole, 0)
    for _ in range(300):
        rows = rng.integers(len(y), size=400)
        found = evaluate(task, y[rows], labels[rows], None if scores is None else scores[rows], classes=classes)
        for name, estimate in found.items():
            holds[name] += estimate.includes(whole[name].value)
    # 300 draws of 95 %: outside 90 to 99 % only if an interval is wrong.
    assert {name: count for name, count in holds.items() if not 270 <= count <= 298} == {}


def _population(task: str, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray, Any, tuple[Any, ...]]:
    if task == "regression":
        y = rng.gamma(2.0, 5.0, size=n)
        return y, y + rng.normal(size=n) * (1 + 0.1 * y), None, ()
    k = 2 if task == "binary" else 3
    hidden = rng.normal(size=(n, k)) + np.log(np.arange(k, 0, -1))
    y = (hidden + rng.gumbel(size=(n, k))).argmax(axis=1)
    scores = np.exp(hidden) / np.exp(hidden).sum(axis=1, keepdims=True)
    return y, scores.argmax(axis=1), scores, tuple(range(k))


def test_a_perfect_model_still_has_an_interval() -> None:
    found = evaluate("binary", [0, 0, 1, 1], [0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], classes=(0, 1))
    assert found["roc_auc"].value == 1.0
    assert found["roc_auc"].low < 0.8 < found["roc_auc"].high == 1.0


def test_what_has_no_meaning_is_absent() -> None:
    found = evaluate("binary", [0, 0, 0], [0, 1, 0], [0.1, 0.6, 0.3], classes=(0, 1))
    assert "roc_auc" not in found
    assert "recall" not in found
    assert found["accuracy"].value == pytest.approx(2 / 3)
    assert "r2" not in evaluate("regression", [3.0, 3.0], [2.0, 4.0])
    with pytest.raises(KeyError, match="roc_auc"):
        found["roc_auc"]


def test_without_scores_only_labels_are_measured() -> None:
    assert set(evaluate("binary", [0, 1, 1], [0, 1, 0], classes=(0, 1))) == {"accuracy", "f1", "precision", "recall"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"scores": np.ones((3, 3)) / 3}, "scores"),
        ({"scores": [0.1, np.nan, 0.2]}, "scores"),
        ({"labels": [0, 1]}, "labels"),
        ({"y": [0, 1, 2]}, "y"),
        ({"y": [0, 1, None]}, "y"),
        ({"weights": [1.0, -1.0, 1.0]}, "weights"),
        ({"weights": [0.0, 0.0, 0.0]}, "weights"),
        ({"classes": ()}, "classes"),
        ({"y": [], "labels": [], "scores": []}, "y"),
        ({"y": ["a", 1, 2.5]}, "y"),
    ],
)
def test_bad_input_names_the_argument(changes: dict[str, Any], field: str) -> None:
    given: dict[str, Any] = {
        "y": [0, 1, 1],
        "labels": [0, 1, 0],
        "scores": [0.2, 0.7, 0.4],
        "classes": (0, 1),
        "weights": None,
    }
    given |= changes
    with pytest.raises(InvalidInput) as raised:
        evaluate(
            "binary", given["y"], given["labels"], given["scores"], classes=given["classes"], weights=given["weights"]
        )
    assert raised.value.field == field


def test_regression_refuses_text_and_infinities() -> None:
    with pytest.raises(InvalidInput, match="numbers"):
        evaluate("regression", ["a", "b"], [1.0, 2.0])
    with pytest.raises(InvalidInput, match="row 1"):
        evaluate("regression", [1.0, np.inf], [1.0, 2.0])


def test_the_catalog_knows_its_tasks() -> None:
    assert [metric.name for metric in metrics_of("regression")] == ["r2", "mae", "rmse", "median_absolute_error"]
    assert {task: primary_metric(task) for task in ("binary", "multiclass", "regression")} == {
        "binary": "roc_auc",
        "multiclass": "accuracy",
        "regression": "r2",
    }
    with pytest.raises(NotFound, match="roc_auc"):
        metric_named("roc_acu", "binary")
    with pytest.raises(NotFound):
        metric_named("rmse", "binary")
    assert metric_named("log_loss").gain(0.3, over=0.4) == pytest.approx(0.1)


def test_class_values_of_any_type_are_found_by_their_text() -> None:
    for values in ([False, True, True], [3, 5, 5], ["no", "yes", "yes"], [3.0, 5.0, 5.0]):
        low, high = sorted(set(values))
        names = (str(low).removesuffix(".0"), str(high).removesuffix(".0"))
        found = evaluate("binary", np.array(values), np.array(values, dtype=object), classes=names)
        assert found["accuracy"].value == 1.0
