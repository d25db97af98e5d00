"""Two profiles merged are the profile of all rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treadle.datasets import Engine
from treadle.errors import InvalidInput
from treadle.statistics import merge, profile

ROW = st.tuples(
    st.none() | st.floats(-100, 100).map(lambda x: round(x, 3)),
    st.none() | st.integers(0, 9),
    st.none() | st.sampled_from("abc"),
)
SCHEMA = pa.schema([("r", pa.float64()), ("i", pa.int64()), ("s", pa.string())])


def table(rows: list[tuple]) -> pa.Table:
    return pa.table([pa.array([row[i] for row in rows], f.type) for i, f in enumerate(SCHEMA)], schema=SCHEMA)


@given(a=st.lists(ROW, max_size=30), b=st.lists(ROW, max_size=30))
@settings(deadline=None, max_examples=30)
def test_what_is_exact_stays_exact(engine: Engine, a: list[tuple], b: list[tuple]) -> None:
    first = profile(engine, table(a))
    merged = merge(first, profile(engine, table(b), like=first))
    whole = profile(engine, table(a + b))
    assert merged.rows == whole.rows
    for one, other in zip(merged.columns, whole.columns, strict=True):
        for name in ("count", "nulls", "min", "max", "zeros", "min_length", "max_length"):
            assert getattr(one, name) == getattr(other, name), (one.name, name)
        assert dict(one.top) == dict(other.top)
        for name in ("mean", "std"):
            x, y = getattr(one, name), getattr(other, name)
            assert (x is None) == (y is None) or (one.count > 1), name
            if x is not None and y is not None:
                assert x == pytest.approx(y, abs=1e-6)
        if one.name != "r":
            assert one.distinct == other.distinct
        assert (one.cells.total if one.cells else 0) == (other.cells.total if other.cells else 0)


def test_merged_quantiles_are_near(engine: Engine) -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(0, 1, 20_000)
    parts = [profile(engine, pa.table({"x": half})) for half in (values[:8_000], values[8_000:])]
    merged = merge(*parts).column("x")
    for label, value in merged.quantiles.items():
        assert value == pytest.approx(np.quantile(values, int(label[1:]) / 100), abs=0.05)


def test_other_columns_are_refused(engine: Engine) -> None:
    a, b = (profile(engine, pa.table({name: [1]})) for name in "ab")
    with pytest.raises(InvalidInput, match="different columns"):
        merge(a, b)
