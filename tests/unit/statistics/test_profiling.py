"""Profiles against numpy and pandas, which know nothing of how they are made."""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treadle.datasets import Engine
from treadle.errors import InvalidInput, NotFound
from treadle.statistics import ColumnStatistics, Statistics, profile

N = 60_000


@pytest.fixture(scope="module")
def big(engine: Engine) -> tuple[pd.DataFrame, Statistics]:
    """More rows than the sample that decides where histograms are cut."""
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(
        {
            "normal": rng.normal(5, 2, N),
            "skewed": rng.lognormal(0, 2, N),
            "spiky": np.where(rng.random(N) < 0.9, 0.0, rng.exponential(3, N)),
            "rounded": np.round(rng.normal(60, 20, N), 0),
            "small": rng.integers(-5, 20, N),
            "large": rng.integers(0, 10**9, N),
            "ordered": np.arange(N) * 10,
            "constant": np.full(N, 7.5),
            "category": rng.choice(["a", "b", "c"], N, p=[0.7, 0.2, 0.1]),
            "names": [f"name-{i}" for i in range(N)],
            "flag": rng.random(N) < 0.25,
            "at": pd.to_datetime(1_357_000_000 + np.arange(N) * 60, unit="s", utc=True),
        }
    )
    for name in ("normal", "category", "names"):
        frame.loc[rng.random(N) < 0.1, name] = None
    return frame, profile(engine, pa.Table.from_pandas(frame, preserve_index=False))


NUMBERS = ["normal", "skewed", "spiky", "rounded", "small", "large", "ordered", "constant"]


@pytest.mark.parametrize("name", NUMBERS)
def test_counts_and_moments(big: tuple[pd.DataFrame, Statistics], name: str) -> None:
    frame, statistics = big
    seen, values = statistics.column(name), frame[name].dropna()
    assert (seen.count, seen.nulls) == (len(values), N - len(values))
    assert seen.min == values.min()
    assert seen.max == values.max()
    assert seen.mean == pytest.approx(values.mean(), rel=1e-9)
    assert seen.std == pytest.approx(values.std(), rel=1e-9, abs=1e-9)
    assert seen.zeros == (values == 0).sum()
    assert seen.distinct == pytest.approx(values.nunique(), rel=0 if seen.exact_distinct else 0.15)


@pytest.mark.parametrize("name", NUMBERS)
def test_quantiles_are_right_to_a_rank_of_one_per_cent(big: tuple[pd.DataFrame, Statistics], name: str) -> None:
    frame, statistics = big
    values = np.sort(frame[name].dropna().to_numpy(dtype=float))
    for label, value in statistics.column(name).quantiles.items():
        wanted = int(label[1:]) / 100
        below, upto = (np.searchsorted(values, value, side=side) / len(values) for side in ("left", "right"))
        assert below - 0.01 <= wanted <= upto + 0.01, (name, label, value)


@pytest.mark.parametrize("name", NUMBERS)
def test_histograms_count_every_value_where_it_is(big: tuple[pd.DataFrame, Statistics], name: str) -> None:
    frame, statistics = big
    seen, values = statistics.column(name), frame[name].dropna().to_numpy(dtype=float)
    for histogram in (seen.histogram, seen.cells):
        assert histogram is not None
        assert histogram.total == len(values)
        edges = np.array(histogram.edges)
        assert (np.diff(edges) >= 0).all()
        upto = np.searchsorted(np.sort(values), edges, side="right")
        expected = np.diff(upto)
        expected[0] = upto[1]
        if len(edges) > 2:
            assert list(histogram.counts) == expected.tolist()


def test_display_histograms_are_not_flattened_by_outliers(big: tuple[pd.DataFrame, Statistics]) -> None:
    histogram = big[1].column("skewed").histogram
    assert histogram is not None
    assert max(histogram.counts) < 0.6 * N
    assert len(histogram.counts) <= 30


def test_categories(big: tuple[pd.DataFrame, Statistics]) -> None:
    frame, statistics = big
    seen = statistics.column("category")
    counts = Counter(frame["category"].dropna())
    assert seen.top == tuple(counts.most_common())
    assert (seen.distinct, seen.exact_distinct, seen.other) == (3, True, 0)
    assert (seen.min_length, seen.max_length) == (1, 1)
    assert seen.null_share == pytest.approx(0.1, abs=0.01)


def test_names_are_not_listed(big: tuple[pd.DataFrame, Statistics]) -> None:
    frame, statistics = big
    seen = statistics.column("names")
    assert seen.top == ()
    assert seen.other == seen.count == frame["names"].notna().sum()
    assert seen.distinct == pytest.approx(seen.count, rel=0.15)
    assert (seen.min_length, seen.max_length) == (6, 10)


def test_flags_and_times(big: tuple[pd.DataFrame, Statistics]) -> None:
    frame, statistics = big
    assert dict(statistics.column("flag").top)[True] == frame["flag"].sum()
    at = statistics.column("at")
    assert (at.min, at.max) == (frame["at"].min().isoformat(), frame["at"].max().isoformat())
    assert at.histogram is not None
    assert at.histogram.total == N
    assert max(at.histogram.counts) - min(at.histogram.counts) <= 2


def test_the_same_rows_give_the_same_profile(big: tuple[pd.DataFrame, Statistics], tmp_path: Path) -> None:
    frame, statistics = big
    one_thread = Engine(memory_limit="1GB", threads=1, temp=tmp_path / "temp")
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path, row_group_size=7_000)
    assert profile(one_thread, [path]) == statistics


def test_it_travels_as_json(big: tuple[pd.DataFrame, Statistics]) -> None:
    assert Statistics.from_json(big[1].to_json()) == big[1]
    assert big[1].to_plain()["rows"] == N


def test_like_another_profile_uses_its_edges(engine: Engine) -> None:
    one = pa.table({"x": np.arange(1000.0), "t": pa.array(range(1000), pa.timestamp("s", "UTC"))})
    other = pa.table({"x": np.arange(-500.0, 1500.0), "t": pa.array(range(2000), pa.timestamp("s", "UTC"))})
    reference = profile(engine, one)
    found = profile(engine, other, like=reference)
    for name in ("x", "t"):
        before, after = reference.column(name).cells, found.column(name).cells
        assert before is not None
        assert after is not None
        assert before.edges[1:] == after.edges[1:]
        assert after.total == 2000
    x = found.column("x").cells
    assert x is not None
    assert x.counts[0] == 501, "all that lies below the reference is in its first cell"


def table_of(**columns: Any) -> pa.Table:
    return pa.table(columns)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array([], pa.float64()), {"count": 0, "min": None, "mean": None, "quantiles": {}, "histogram": None}),
        (pa.array([None, None], pa.float64()), {"count": 0, "nulls": 2, "std": None}),
        (pa.array([None], pa.string()), {"count": 0, "top": (), "min_length": None}),
        (pa.array([], pa.int64()), {"count": 0, "min": None, "top": ()}),
        (pa.array([None], pa.bool_()), {"count": 0, "top": ()}),
        (pa.array([None], pa.timestamp("us", "UTC")), {"count": 0, "min": None, "histogram": None}),
        (pa.array([3.0]), {"count": 1, "min": 3.0, "mean": 3.0, "std": None}),
        (pa.array([math.nan, math.inf, -math.inf]), {"count": 3, "non_finite": 3, "min": None, "mean": None}),
        (pa.array([1.0, math.nan, 3.0, math.inf]), {"min": 1.0, "max": 3.0, "mean": 2.0, "non_finite": 2}),
        (pa.array([2**62, -(2**62), 0]), {"min": -(2**62), "max": 2**62, "zeros": 1}),
        (pa.array(["", "ü"]), {"min_length": 0, "max_length": 2, "distinct": 2}),
        (pa.array([date(2013, 1, 1), date(1969, 7, 20)]), {"min": "1969-07-20", "max": "2013-01-01"}),
        (
            pa.array([datetime(2013, 1, 1, tzinfo=UTC)], pa.timestamp("us", "UTC")),
            {"min": "2013-01-01T00:00:00+00:00", "type": "timestamp"},
        ),
        (pa.array([True, True, None]), {"top": ((True, 2),), "nulls": 1}),
        (pa.array([1.5e308, -1.5e308]), {"min": -1.5e308, "max": 1.5e308}),
    ],
)
def test_edges_of_what_a_column_can_hold(engine: Engine, column: pa.Array, expected: dict[str, Any]) -> None:
    (seen,) = profile(engine, table_of(x=column)).columns
    assert {name: getattr(seen, name) for name in expected} == expected


@given(st.lists(st.none() | st.integers(-3, 40), max_size=50))
@settings(deadline=None, max_examples=50)
def test_small_integers_are_exact(engine: Engine, values: list[int | None]) -> None:
    (seen,) = profile(engine, table_of(x=pa.array(values, pa.int64()))).columns
    there = sorted(v for v in values if v is not None)
    assert (seen.count, seen.distinct) == (len(there), len(set(there)))
    assert dict(seen.top) == Counter(there)
    if there:
        assert seen.mean == pytest.approx(np.mean(there))
        assert seen.histogram is not None
        assert seen.histogram.total == len(there)
        wanted = {f"p{int(q * 100):02d}": there[math.ceil(q * len(there)) - 1] for q in (0.25, 0.5, 0.75, 0.99)}
        assert {name: seen.quantiles[name] for name in wanted} == wanted


def test_only_the_columns_asked_for(engine: Engine) -> None:
    table = table_of(a=[1], b=[2], c=["x"])
    assert [c.name for c in profile(engine, table, columns=["c", "a"]).columns] == ["c", "a"]
    with pytest.raises(NotFound, match="There are: 'a', 'b', 'c'"):
        profile(engine, table, columns=["zzz"])
    with pytest.raises(InvalidInput, match="bins"):
        profile(engine, table, bins=0)


def test_names_need_no_care(engine: Engine) -> None:
    (seen,) = profile(engine, pa.table({'a "b"; --': [1.5, 2.5]})).columns
    assert (seen.name, seen.mean) == ('a "b"; --', 2.0)


def test_a_column_is_found_by_name(engine: Engine) -> None:
    statistics = profile(engine, table_of(origin=["JFK"]))
    assert isinstance(statistics.column("origin"), ColumnStatistics)
    with pytest.raises(NotFound, match="Did you mean 'origin'"):
        statistics.column("orign")
