"""Whether a packaged model answers as its original does: pure comparison of two answers to the same rows."""

from __future__ import annotations

import numpy as np

from treadle.models.package import Parity

SCORE_TOLERANCE = 1e-4
"""Absolute, on probabilities; relative to the largest value for regression. Float32 arithmetic alone stays below 1e-5."""

ROWS_WITHIN = 0.999
"""The share of rows that must lie within the tolerance and have the same label: a tree may send a row that lies exactly on a
threshold the other way once its inputs are rounded to float32."""


def compare_answers(
    original: np.ndarray, packaged: np.ndarray, same_label: np.ndarray | None, *, tolerance: float = SCORE_TOLERANCE
) -> Parity:
    """Compare two answers, both (n, classes) scores or both (n,) values; `same_label` says where the labels agree.

    >>> compare_answers(np.array([1.0, 2.0]), np.array([1.0, 2.00001]), None).passed
    True
    >>> compare_answers(np.array([1.0, 2.0]), np.array([1.0, 3.0]), None).reason
    '1 of 2 rows differ by more than 0.0002 (at most 1)'
    """
    rows = len(original)
    if original.shape != packaged.shape:
        return _failed(rows, tolerance, f"the answer has the shape {list(packaged.shape)}, not {list(original.shape)}")
    if not rows:
        return _failed(rows, tolerance, "there are no rows to compare on")
    if same_label is None:
        finite = np.abs(original[np.isfinite(original)])
        tolerance *= float(finite.max()) if finite.size and finite.max() > 0 else 1.0
    difference = _difference(original, packaged).reshape(rows, -1).max(axis=1)
    within = difference <= tolerance
    agrees = within if same_label is None else same_label
    far, disagree = int((~within).sum()), int((~agrees).sum())
    largest = float(difference.max())
    passed = bool(within.mean() >= ROWS_WITHIN and agrees.mean() >= ROWS_WITHIN)
    if far:
        reason = f"{far} of {rows} rows differ by more than {tolerance:.3g} (at most {largest:.3g})"
    elif disagree:
        reason = f"{disagree} of {rows} rows get another label"
    else:
        reason = f"all {rows} rows agree within {tolerance:.3g} (at most {largest:.3g})"
    return Parity(rows, largest, float(difference.mean()), float(agrees.mean()), passed, tolerance, reason)


def _difference(original: np.ndarray, packaged: np.ndarray) -> np.ndarray:
    """Absolute differences; equal when both are not a number, 1e308 (a number JSON can say) when only one is."""
    with np.errstate(invalid="ignore", over="ignore"):
        difference = np.abs(original.astype(np.float64) - packaged.astype(np.float64))
    same = (np.isnan(original) & np.isnan(packaged)) | (original == packaged)
    return np.where(same, 0.0, np.where(np.isfinite(difference), difference, 1e308))


def _failed(rows: int, tolerance: float, reason: str) -> Parity:
    return Parity(rows, 0.0, 0.0, 0.0, False, tolerance, reason)
