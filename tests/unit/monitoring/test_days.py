from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from treadle.monitoring.days import DayCounts, compare, count_days
from treadle.monitoring.permuting import DRAWS, permuted_p


def drawn(
    days: int, rng: np.random.Generator, *, swing: float = 0.5, memory: float = 0.0, rows: int = 200
) -> np.ndarray:
    """Counts of four bins; a day's odds swing, and with `memory` they remember the day before."""
    odds = rng.normal(0, swing, (days, 4))
    for day in range(1, days):
        odds[day] = memory * odds[day - 1] + np.sqrt(1 - memory**2) * odds[day]
    shares = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
    return np.array([rng.multinomial(rows, share) for share in shares], dtype=float)


@pytest.mark.parametrize("memory", [0.0, 0.6])
def test_windows_of_the_same_world_seldom_fail(memory: float) -> None:
    """At a level of 5 % about one window in twenty, with days that swing together and remember each other."""
    rng = np.random.default_rng(5)
    seen = []
    for _ in range(400):
        stream = drawn(97, rng, memory=memory)
        reference = DayCounts(stream[:90])
        seen.append(compare(reference, DayCounts(stream[90:]), reference.covariance(7), 7).p)
    assert np.mean(np.array(seen) < 0.05) < 0.09
    assert np.mean(np.array(seen) < 0.01) < 0.03


def test_a_test_of_single_rows_would_cry_wolf() -> None:
    """What this is all for: taken row by row, nearly every window differs."""
    rng = np.random.default_rng(6)
    alarms = 0
    for _ in range(50):
        stream = drawn(97, rng)
        alarms += stats.chi2_contingency(np.stack([stream[:90].sum(0), stream[90:].sum(0)])).pvalue < 0.001
    assert alarms > 30


def test_a_change_is_found() -> None:
    rng = np.random.default_rng(7)
    reference = DayCounts(drawn(90, rng, swing=0.2))
    moved = drawn(7, rng, swing=0.2)[:, [0, 0, 0, 1]] * [1, 0.2, 0.2, 1]
    assert compare(reference, DayCounts(moved), reference.covariance(7), 7).p < 1e-4


def test_few_wild_days_do_not_make_an_alarm() -> None:
    """Storms on one day in ten: two in a week look impossible to a normal tail, but not when days change places."""
    rng = np.random.default_rng(8)
    stormy = rng.random(90) < 0.1
    reference = DayCounts(np.where(stormy[:, None], [100.0, 100.0], [200.0, 0.0]))
    week = DayCounts(np.array([[100.0, 100.0]] * 3 + [[200.0, 0.0]] * 4))
    level = 1e-3
    careful = compare(reference, week, reference.covariance(1), 1, level=level)
    assert careful.p >= compare(reference, week, reference.covariance(1), 1).p
    assert careful.p > level


@given(st.integers(1, 10), st.integers(2, 12), st.integers(0, 1000))
def test_the_covariance_of_single_days_is_the_plain_one(bins: int, days: int, seed: int) -> None:
    counts = np.random.default_rng(seed).integers(1, 50, (days, bins)).astype(float)
    found = DayCounts(counts).covariance(1)
    sizes = counts.sum(axis=1, keepdims=True)
    shares = (counts.sum(0) + 0.5) / (counts.sum() + 0.5 * bins)
    residuals = (counts - sizes * shares) / sizes.mean()
    assert np.allclose(found, residuals.T @ residuals / days / max(1 - 1 / days, 0.1))


@given(st.integers(1, 9), st.integers(0, 1000))
def test_no_variance_is_negative(span: int, seed: int) -> None:
    counts = np.random.default_rng(seed).integers(0, 50, (20, 5)).astype(float)
    assert np.linalg.eigvalsh(DayCounts(counts).covariance(span)).min() > -1e-9


def test_rows_are_counted_by_day_and_bin() -> None:
    rng = np.random.default_rng(1)
    places, days = rng.integers(0, 3, 500), rng.integers(10, 15, 500)
    found = count_days(places, days, 3, 10, 5)
    assert all(found[d, b] == ((days == d + 10) & (places == b)).sum() for d in range(5) for b in range(3))


@given(st.integers(0, 30))
def test_days_that_change_places_give_the_exact_chance(seed: int) -> None:
    rng = np.random.default_rng(seed)
    days = rng.normal(size=(8, 1)) + 10
    apart = lambda out, into: np.abs(out[..., 0] / 6 - into[..., 0] / 2)  # noqa: E731 - read at one go
    from itertools import combinations

    total = days.sum()
    seen = abs((total - days[6:].sum()) / 6 - days[6:].sum() / 2)
    every = [abs((total - days[list(c)].sum()) / 6 - days[list(c)].sum() / 2) for c in combinations(range(8), 2)]
    exact = np.mean(np.array(every) >= seen - 1e-12)
    assert permuted_p(days[:6], days[6:], apart) == pytest.approx(exact, abs=4 * np.sqrt(0.25 / DRAWS))
    assert permuted_p(days[:6], days[6:], apart) == permuted_p(days[:6], days[6:], apart)


def test_nothing_to_compare_is_no_change() -> None:
    empty, some = DayCounts(np.zeros((3, 2))), DayCounts(np.ones((3, 2)))
    assert compare(some, empty, some.covariance(1), 1).p == 1
    assert permuted_p(np.zeros((3, 2)), np.ones((1, 2)), lambda out, into: out[..., 0]) == 1
