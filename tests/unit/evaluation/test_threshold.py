"""Choosing a threshold, against trying every score."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treadle.errors import InvalidInput
from treadle.evaluation import choose_threshold


def tried(y: np.ndarray, scores: np.ndarray) -> list[tuple[float, float, float, float, int]]:
    """Score, precision, recall, F1 and errors (false positives, then negatives weighted 3) of every possible threshold."""
    rows = []
    for value in np.unique(scores):
        said = scores >= value
        hits = int((said & y).sum())
        precision, recall = hits / said.sum(), hits / y.sum()
        rows.append(
            (
                value,
                precision,
                recall,
                2 * hits / (said.sum() + y.sum()),
                int((said & ~y).sum() + 3 * (~said & y).sum()),
            )
        )
    return rows


@given(st.integers(0, 2**32 - 1), st.integers(3, 40), st.floats(0.05, 1.0))
@settings(max_examples=80, deadline=None)
def test_no_other_threshold_is_better(seed: int, n: int, wanted: float) -> None:
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.5
    y[:2] = [False, True]
    scores = np.round(rng.random(n), 1)
    every = tried(y, scores)
    assert choose_threshold(y, scores).f1 == pytest.approx(max(row[3] for row in every))
    cheap = choose_threshold(y, scores, aim="cost", false_negative=3.0)
    assert next(row[4] for row in every if row[0] == cheap.value) == min(row[4] for row in every)
    precise = choose_threshold(y, scores, aim="precision", at_least=wanted)
    good = [row for row in every if row[1] >= wanted]
    assert precise.reached == bool(good)
    if good:
        assert precise.precision >= wanted
        assert precise.recall == pytest.approx(max(row[2] for row in good))
    found = choose_threshold(y, scores, aim="recall", at_least=wanted)
    assert found.recall >= wanted
    assert found.precision == pytest.approx(max(row[1] for row in every if row[2] >= wanted))


def test_what_it_says_is_what_it_gives() -> None:
    rng = np.random.default_rng(0)
    y = rng.random(500) < 0.3
    scores = 0.5 * y + 0.7 * rng.random(500)
    found = choose_threshold(y, scores)
    said = scores >= found.value
    assert found.positive_share == pytest.approx(said.mean())
    assert found.precision == pytest.approx(y[said].mean())
    assert found.recall == pytest.approx(said[y].mean())


@pytest.mark.parametrize("more", [{"aim": "luck"}, {}])
def test_what_cannot_be_chosen_is_refused(more: dict[str, Any]) -> None:
    y = [True, False] if more else [True, True]
    with pytest.raises(InvalidInput):
        choose_threshold(y, [0.1, 0.9], **more)
