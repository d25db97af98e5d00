"""Distances between profiles, beside those between the values themselves."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from treadle.datasets import Engine
from treadle.errors import InvalidInput
from treadle.statistics import ColumnStatistics, distance, profile
from treadle.statistics.distances import js, ks, linf, psi


def column(engine: Engine, values: object) -> ColumnStatistics:
    return profile(engine, pa.table({"x": values})).columns[0]


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.5, 2.0])
def test_numbers(engine: Engine, shift: float) -> None:
    rng = np.random.default_rng(5)
    a, b = rng.normal(0, 1, 20_000), rng.normal(shift, 1, 20_000)
    one, other = column(engine, a), column(engine, b)
    cuts = np.concatenate([[-np.inf], np.quantile(a, np.arange(1, 20) / 20), [np.inf]])
    counts = [np.histogram(values, cuts)[0] for values in (a, b)]
    assert distance(one, other, "psi") == pytest.approx(psi(*counts), abs=0.02, rel=0.05)
    assert distance(one, other, "js") == pytest.approx(js(*counts), abs=0.02)
    assert distance(one, other, "ks") == pytest.approx(ks(a, b).statistic, abs=0.01)


def test_a_column_is_no_distance_from_itself(engine: Engine) -> None:
    rng = np.random.default_rng(5)
    for values in (rng.normal(0, 1, 5_000), rng.integers(0, 50, 5_000), rng.choice(["a", "b"], 5_000)):
        seen = column(engine, values)
        assert distance(seen, seen, "js") == distance(seen, seen, "ks") == 0.0


def test_integers_with_few_values(engine: Engine) -> None:
    one, other = column(engine, [1] * 90 + [2] * 10), column(engine, [1] * 50 + [2] * 40 + [7] * 10)
    assert distance(one, other, "linf") == pytest.approx(0.4)


def test_categories_meet_by_value(engine: Engine) -> None:
    one, other = column(engine, ["a"] * 60 + ["b"] * 40), column(engine, ["b"] * 40 + ["c"] * 60)
    assert distance(one, other, "linf") == pytest.approx(linf([60, 40, 0], [0, 40, 60])) == 0.6
    assert distance(one, other, "js") == pytest.approx(js([60, 40, 0], [0, 40, 60]))


def test_nothing_to_compare_is_no_distance(engine: Engine) -> None:
    full, empty = column(engine, [1.5, 2.5]), column(engine, pa.array([], pa.float64()))
    assert distance(full, empty) is None
    assert distance(empty, full) is None
    names = column(engine, [f"n{i}" for i in range(5_000)])
    assert distance(names, names) is None


def test_an_unknown_method_is_refused(engine: Engine) -> None:
    seen = column(engine, [1.0])
    with pytest.raises(InvalidInput, match="There are: 'js', 'ks', 'linf', 'psi'"):
        distance(seen, seen, "euclid")  # type: ignore[arg-type]
