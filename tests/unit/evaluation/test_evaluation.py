"""The whole evaluation: slices, calibration, confusion, curves, and that it survives JSON."""

from __future__ import annotations

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from treadle.errors import NotFound
from treadle.evaluation import Evaluation, evaluate


def noisy(positive: np.ndarray, noise: float, seed: int = 0) -> np.ndarray:
    """Probabilities that tell the classes apart the better, the less noise there is."""
    draws = np.random.default_rng(seed).normal(size=len(positive))
    return 1 / (1 + np.exp(-(2.0 * positive - 1.0 + noise * draws)))


@pytest.fixture
def evaluated() -> tuple[Evaluation, np.ndarray, np.ndarray, pa.Table]:
    rng = np.random.default_rng(5)
    y = rng.random(3_000) < 0.3
    scores = noisy(y, 1.5)
    rows = pa.table(
        {
            "origin": pa.array(rng.choice(["EWR", "JFK", "LGA", None], size=len(y)).tolist()),
            "distance": rng.gamma(2, 500, size=len(y)),
            "hour": rng.integers(0, 5, size=len(y)),
        }
    )
    found = Evaluation.of(
        "binary",
        y,
        scores > 0.5,
        scores,
        classes=(False, True),
        rows=rows,
        slices=["origin", "distance", "hour"],
        model="m@1",
    )
    return found, y, scores, rows


def test_slices_are_what_evaluating_their_rows_alone_gives(
    evaluated: tuple[Evaluation, np.ndarray, np.ndarray, pa.Table],
) -> None:
    found, y, scores, rows = evaluated
    origins = np.array(rows["origin"].to_pylist(), dtype=object)
    by_value = {one.value: one for one in found.slices if one.column == "origin"}
    assert list(by_value) == ["EWR", "JFK", "LGA", "(missing)"]
    for value, one in by_value.items():
        where = origins == (None if value == "(missing)" else value)
        alone = evaluate("binary", y[where], scores[where] > 0.5, scores[where], classes=(False, True))
        assert one.n == where.sum()
        assert one.metrics == dict(alone)
        assert one.positive == pytest.approx(y[where].mean())
        assert one.answered_positive == pytest.approx((scores[where] > 0.5).mean())


def test_every_row_is_in_one_slice_of_each_column(
    evaluated: tuple[Evaluation, np.ndarray, np.ndarray, pa.Table],
) -> None:
    found, y, _, _ = evaluated
    for column in ("origin", "distance", "hour"):
        assert sum(one.n for one in found.slices if one.column == column) == len(y)
    ranges = [one.value for one in found.slices if one.column == "distance"]
    assert len(ranges) == 5
    assert ranges[0].endswith(")")
    assert ranges[-1].endswith("]")
    assert [one.value for one in found.slices if one.column == "hour"] == ["0", "1", "2", "3", "4"]


def test_small_slices_are_left_out_when_asked() -> None:
    rows = pa.table({"kind": ["a"] * 8 + ["b"] * 2})
    from treadle.evaluation.answers import Answers
    from treadle.evaluation.slices import slice_metrics

    answers = Answers.of("regression", np.arange(10.0), np.arange(10.0))
    assert [one.value for one in slice_metrics(answers, rows, ["kind"], min_rows=3)] == ["a"]


def test_a_slice_column_that_is_not_there_is_named() -> None:
    rows = pa.table({"origin": ["a", "b"]})
    with pytest.raises(NotFound, match="origin"):
        Evaluation.of("regression", [1.0, 2.0], [1.0, 2.0], rows=rows, slices=["orign"])
    with pytest.raises(NotFound):
        Evaluation.of("regression", [1.0, 2.0], [1.0, 2.0], slices=["origin"])


def test_an_evaluation_survives_json(evaluated: tuple[Evaluation, np.ndarray, np.ndarray, pa.Table]) -> None:
    found = evaluated[0]
    assert msgspec.json.decode(msgspec.json.encode(found), type=Evaluation) == found


def test_one_class_only_survives_json_too() -> None:
    found = Evaluation.of("binary", [0, 0, 0], [0, 1, 0], [0.2, 0.7, 0.1], classes=(0, 1))
    assert found.primary is None
    assert found.curves == ()
    assert msgspec.json.decode(msgspec.json.encode(found), type=Evaluation) == found


def test_the_confusion_matrix_counts_every_row() -> None:
    found = Evaluation.of("multiclass", ["a", "b", "c", "a"], ["a", "c", "c", "b"], classes=("a", "b", "c")).confusion
    assert found is not None
    assert found.counts == ((1, 1, 0), (0, 0, 1), (0, 0, 1))


def test_curves_pass_through_the_points_scikit_learn_finds(
    evaluated: tuple[Evaluation, np.ndarray, np.ndarray, pa.Table],
) -> None:
    found, y, scores, _ = evaluated
    roc, precision_recall = found.curves
    assert len(roc.x) <= 200
    assert (roc.x[0], roc.y[0], roc.x[-1], roc.y[-1]) == (0.0, 0.0, 1.0, 1.0)
    false_share, recall, thresholds = reference.roc_curve(y, scores, drop_intermediate=False)
    at = {float(t): (f, r) for f, r, t in zip(false_share, recall, thresholds, strict=True)}
    for x, height, threshold in list(zip(roc.x, roc.y, roc.thresholds, strict=True))[1:]:
        assert (x, height) == pytest.approx(at[threshold])
    for height, threshold in zip(precision_recall.y, precision_recall.thresholds, strict=True):
        assert height == pytest.approx(y[scores >= threshold].mean())
    area = np.trapezoid(roc.y, roc.x)
    assert area == pytest.approx(found.metrics["roc_auc"].value, abs=0.002)


def test_calibration_of_true_probabilities_is_good_and_of_sure_ones_bad() -> None:
    rng = np.random.default_rng(2)
    told = rng.random(20_000)
    y = rng.random(20_000) < told
    good = Evaluation.of("binary", y, told > 0.5, told, classes=(False, True)).calibration
    sure = Evaluation.of("binary", y, told > 0.5, (told > 0.5) * 0.98 + 0.01, classes=(False, True)).calibration
    assert good is not None
    assert sure is not None
    assert good.error < 0.02
    assert sure.error > 0.2
    assert sum(good.rows) == 20_000
    assert good.told == pytest.approx(good.seen, abs=0.05)


@given(st.lists(st.sampled_from([0.1, 0.4, 0.4, 0.9]), min_size=1, max_size=40), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_calibration_counts_each_row_once(told: list[float], seed: int) -> None:
    y = np.random.default_rng(seed).random(len(told)) < 0.5
    found = Evaluation.of("binary", y, np.array(told) > 0.5, told, classes=(False, True)).calibration
    assert found is not None
    assert sum(found.rows) == len(told)
    assert 0.0 <= found.error <= 1.0
    mean = np.dot(found.told, found.rows) / len(told)
    assert mean == pytest.approx(np.mean(told))
