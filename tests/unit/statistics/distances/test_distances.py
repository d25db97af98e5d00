"""Distances beside scipy's, and what every distance promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from treadle.errors import InvalidInput
from treadle.statistics.distances import js, ks, ks_binned, linf, psi, wasserstein, wasserstein_binned

COUNTS = st.integers(1, 6).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(0, 50), min_size=n, max_size=n).filter(any) for _ in range(2)])
)
VALUES = st.lists(st.floats(-1e3, 1e3).map(lambda x: round(x, 2)), min_size=1, max_size=40)


@given(COUNTS)
def test_js_is_scipys(pair: tuple[list[int], list[int]]) -> None:
    expected = jensenshannon(*pair, base=2)
    assert js(*pair) == pytest.approx(0.0 if np.isnan(expected) else expected, abs=1e-7)


@given(VALUES, VALUES)
def test_ks_and_wasserstein_are_scipys(a: list[float], b: list[float]) -> None:
    assert ks(a, b).statistic == pytest.approx(stats.ks_2samp(a, b, method="asymp").statistic)
    assert wasserstein(a, b) == pytest.approx(stats.wasserstein_distance(a, b), abs=1e-9)


@pytest.mark.parametrize(("n", "shift"), [(30, 0.3), (200, 0.0), (200, 0.15), (2_000, 0.05)])
def test_the_p_value_is_near_the_exact_one(n: int, shift: float) -> None:
    rng = np.random.default_rng(n)
    a, b = rng.normal(0, 1, n), rng.normal(shift, 1, n + 10)
    assert ks(a, b).p_value == pytest.approx(stats.ks_2samp(a, b, method="exact").pvalue, abs=0.03)


def test_the_p_value_is_right_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    low = [ks(rng.normal(size=80), rng.normal(size=120)).p_value < 0.05 for _ in range(1_000)]
    assert 0.02 < np.mean(low) < 0.07


@given(COUNTS)
def test_every_distance_of_counts(pair: tuple[list[int], list[int]]) -> None:
    a, b = pair
    for measure in (psi, js, linf, ks_binned):
        assert measure(a, b) >= 0
        assert measure(a, a) == pytest.approx(0, abs=1e-9)
        assert measure(a, b) == pytest.approx(measure(b, a)), measure.__name__
    assert max(js(a, b), linf(a, b), ks_binned(a, b)) <= 1 + 1e-12


@given(COUNTS)
def test_wasserstein_binned_is_that_of_values_spread_over_the_bins(pair: tuple[list[int], list[int]]) -> None:
    a, b = pair
    edges = np.arange(len(a) + 1, dtype=float)
    spread = [
        np.concatenate([np.repeat(i + (np.arange(200) + 0.5) / 200, count) for i, count in enumerate(counts)])
        for counts in pair
    ]
    assert wasserstein_binned(edges, a, b) == pytest.approx(wasserstein(*spread), abs=0.02)


@pytest.mark.parametrize(
    ("expected", "actual", "words"),
    [
        ([1, 2], [1, 2, 3], "cannot be compared"),
        ([0, 0], [1, 2], "nothing counted"),
        ([1, -1], [1, 1], "not negative"),
        ([1, np.nan], [1, 1], "finite"),
    ],
)
def test_counts_that_mean_nothing_are_refused(expected: list, actual: list, words: str) -> None:
    for measure in (psi, js, linf, ks_binned):
        with pytest.raises(InvalidInput, match=words):
            measure(expected, actual)


def test_no_values_are_refused() -> None:
    for measure in (ks, wasserstein):
        with pytest.raises(InvalidInput, match="no values"):
            measure([], [1.0])
    with pytest.raises(InvalidInput, match="edge"):
        wasserstein_binned([0, 1], [1, 2], [1, 2])
