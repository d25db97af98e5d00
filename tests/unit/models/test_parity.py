"""Parity is a pure comparison of two answers to the same rows."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.models.parity import ROWS_WITHIN, SCORE_TOLERANCE, compare_answers


def scores(rows: int) -> np.ndarray:
    positive = np.linspace(0.01, 0.99, rows)
    return np.column_stack([1 - positive, positive])


def same(rows: int, wrong: int = 0) -> np.ndarray:
    agrees = np.ones(rows, dtype=bool)
    agrees[:wrong] = False
    return agrees


def test_equal_answers_pass() -> None:
    parity = compare_answers(scores(50), scores(50).astype(np.float32), same(50))
    assert parity.passed
    assert parity.rows == 50
    assert parity.label_agreement == 1.0
    assert parity.max_abs_difference < 1e-6


@pytest.mark.parametrize(
    ("rows", "far", "passed"),
    [(10_000, 10, True), (10_000, 11, False), (100, 1, False), (999, 1, False), (1_000, 1, True)],
)
def test_one_row_in_a_thousand_may_lie_on_a_threshold(rows: int, far: int, passed: bool) -> None:
    packaged = scores(rows)
    packaged[:far] += 10 * SCORE_TOLERANCE
    assert (far / rows <= 1 - ROWS_WITHIN + 1e-12) is passed
    parity = compare_answers(scores(rows), packaged, same(rows))
    assert parity.passed is passed
    assert f"{far} of {rows} rows differ" in parity.reason


def test_the_tolerance_itself_is_within() -> None:
    original = np.zeros((4, 2))
    assert compare_answers(original, original + SCORE_TOLERANCE, same(4)).passed
    assert not compare_answers(original, original + SCORE_TOLERANCE * 1.01, same(4)).passed


def test_labels_must_agree_even_where_scores_do() -> None:
    parity = compare_answers(scores(100), scores(100), same(100, wrong=1))
    assert not parity.passed
    assert parity.label_agreement == 0.99
    assert "another label" in parity.reason


def test_values_are_compared_relative_to_the_largest() -> None:
    values = np.array([1e6, 2e6])
    assert compare_answers(values, values + 100, None).passed
    assert compare_answers(values, values + 100, None).tolerance == pytest.approx(200)
    tiny = np.array([1e-6, 2e-6])
    assert not compare_answers(tiny, tiny + 1e-9, None).passed
    assert compare_answers(np.zeros(3), np.zeros(3), None).passed


def test_not_a_number_on_both_sides_is_equal_and_on_one_is_not() -> None:
    nan = np.array([1.0, np.nan])
    assert compare_answers(nan, nan, None).passed
    parity = compare_answers(nan, np.array([1.0, 2.0]), None)
    assert not parity.passed
    assert msgspec.json.decode(msgspec.json.encode(parity))["max_abs_difference"] == 1e308


def test_other_shapes_and_no_rows_fail() -> None:
    assert "shape" in compare_answers(scores(3), scores(3)[:, :1], same(3)).reason
    assert not compare_answers(np.zeros((0, 2)), np.zeros((0, 2)), same(0)).passed


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.floats(0, 1e-3))
def test_against_a_plain_loop(values: list[float], shift: float) -> None:
    original = np.array(values)
    packaged = original + shift
    parity = compare_answers(original, packaged, None)
    scale = max(abs(v) for v in values) or 1.0
    within = [abs(p - o) <= SCORE_TOLERANCE * scale for o, p in zip(original.tolist(), packaged.tolist(), strict=True)]
    assert parity.passed is (sum(within) / len(within) >= ROWS_WITHIN)
    assert parity.max_abs_difference == max(abs(p - o) for o, p in zip(original, packaged, strict=True))
