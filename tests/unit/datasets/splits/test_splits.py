"""Splits: fractions, every row in one part, the same every time, and what each kind promises."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from treadle.datasets import splits
from treadle.errors import DeclarationError, InvalidInput

FRACTIONS = st.tuples(st.integers(1, 10), st.integers(0, 5), st.integers(0, 5)).map(
    lambda w: {"train": w[0] / sum(w), "validation": w[1] / sum(w), "test": 1 - w[0] / sum(w) - w[1] / sum(w)}
)
PARTS = ("train", "validation", "test")


def shares(parts: np.ndarray) -> dict[str, float]:
    return {part: float((parts == part).mean()) if len(parts) else 0.0 for part in PARTS}


def fixed(fractions: dict[str, float]) -> dict[str, float]:
    return {**fractions, "test": max(0.0, fractions["test"])}


@given(n=st.integers(0, 300), fractions=FRACTIONS, seed=st.integers(0, 5))
@settings(deadline=None)
def test_random_keeps_the_fractions_to_a_row(n: int, fractions: dict[str, float], seed: int) -> None:
    fractions = fixed(fractions)
    split = splits.Random(**fractions, seed=seed)
    table = pa.table({"y": list(range(n))})
    parts = split.assign(table, time=None, label="y")
    assert len(parts) == n
    assert set(parts) <= set(PARTS)
    for part, share in shares(parts).items():
        assert abs(share - fractions[part]) * max(n, 1) <= 1 or n == 0
    assert (parts == split.assign(table, time=None, label="y")).all()


def test_another_seed_is_another_split() -> None:
    table = pa.table({"y": list(range(100))})
    one, other = (splits.Random(seed=seed).assign(table, time=None, label="y") for seed in (0, 1))
    assert (one != other).any()


@given(times=st.lists(st.integers(0, 50), min_size=2, max_size=200), fractions=FRACTIONS)
@settings(deadline=None)
def test_time_never_trains_on_what_came_later(times: list[int], fractions: dict[str, float]) -> None:
    assume(len(set(times)) > 1)
    fractions = fixed(fractions)
    moments = [datetime(2013, 1, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in times]
    parts = splits.Time(**fractions).assign(pa.table({"t": moments}), time="t", label="")
    order = {part: index for index, part in enumerate(PARTS)}
    ranks = [order[part] for _, part in sorted(zip(times, parts, strict=True))]
    assert ranks == sorted(ranks)
    by_time: dict[int, set[str]] = {}
    for time, part in zip(times, parts, strict=True):
        by_time.setdefault(time, set()).add(part)
    assert all(len(together) == 1 for together in by_time.values()), "rows of one instant stay together"
    largest = max(times.count(time) for time in set(times)) / len(times)
    assert abs(shares(parts)["train"] - fractions["train"]) <= largest + 1 / len(times)


def test_time_of_distinct_instants_keeps_the_fractions() -> None:
    parts = splits.Time(train=0.7, validation=0.2, test=0.1).assign(
        pa.table({"t": list(range(1000))}), time="t", label=""
    )
    assert shares(parts) == {"train": 0.7, "validation": 0.2, "test": 0.1}


@given(
    labels=st.lists(st.sampled_from("aaaabbc"), min_size=1, max_size=300), fractions=FRACTIONS, seed=st.integers(0, 3)
)
@settings(deadline=None)
def test_every_class_is_divided_alike(labels: list[str], fractions: dict[str, float], seed: int) -> None:
    fractions = fixed(fractions)
    table = pa.table({"y": labels})
    parts = splits.Stratified(**fractions, seed=seed).assign(table, time=None, label="y")
    for name in set(labels):
        inside = parts[np.array(labels) == name]
        for part, share in fractions.items():
            # The discrepancy of a Weyl sequence by the golden ratio grows with the logarithm of its length.
            assert abs((inside == part).sum() - share * len(inside)) <= 2 + math.log2(len(inside) + 1) / 2


def test_stratified_does_not_follow_the_order_of_rows() -> None:
    labels = ["a", "b"] * 500
    parts = splits.Stratified(train=0.5, validation=0.5, test=0.0).assign(pa.table({"y": labels}), time=None, label="y")
    first_half = (parts[:500] == "train").mean()
    assert 0.4 < first_half < 0.6


@given(groups=st.lists(st.integers(0, 20), min_size=3, max_size=200), fractions=FRACTIONS, seed=st.integers(0, 3))
@settings(deadline=None)
def test_a_group_is_never_divided(groups: list[int], fractions: dict[str, float], seed: int) -> None:
    fractions = fixed(fractions)
    assume(len(set(groups)) >= 3)
    split = splits.Group("g", **fractions, seed=seed)
    parts = split.assign(pa.table({"g": groups}), time=None, label="")
    of: dict[int, set[str]] = {}
    for group, part in zip(groups, parts, strict=True):
        of.setdefault(group, set()).add(part)
    assert all(len(together) == 1 for together in of.values())
    largest = max(groups.count(group) for group in set(groups)) / len(groups)
    assert abs(shares(parts)["train"] - fractions["train"]) <= largest
    order = np.random.default_rng(seed).permutation(len(groups))
    mixed = split.assign(pa.table({"g": [groups[i] for i in order]}), time=None, label="")
    assert (mixed == parts[order]).all(), "the order of rows makes no difference"


def test_most_groups_keep_their_part_when_rows_arrive() -> None:
    before = pa.table({"g": [f"c{i}" for i in range(500)]})
    after = pa.table({"g": [f"c{i}" for i in range(550)]})
    split = splits.Group("g")
    was, now = (split.assign(table, time=None, label="") for table in (before, after))
    assert (was == now[:500]).mean() > 0.95


@pytest.mark.parametrize(
    ("declare", "words"),
    [
        (lambda: splits.Time(train=0.7, validation=0.2, test=0.2), "sum to 1.1, not 1"),
        (lambda: splits.Random(train=1.5, validation=-0.5, test=0), "train must be a fraction"),
        (lambda: splits.Random(train=0, validation=0.5, test=0.5), "nothing to learn from"),
        (lambda: splits.Stratified(train="most"), "train must be a fraction"),  # type: ignore[arg-type]
        (lambda: splits.Group(), 'splits.Group("customer_id")'),
        (lambda: splits.Random(train=True, validation=0, test=0), "train must be a fraction"),
    ],
)
def test_a_mistake_names_the_line(declare: Callable[[], object], words: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        declare()
    assert words in str(caught.value)
    assert caught.value.where.startswith(__file__ + ":")


@pytest.mark.parametrize(
    ("split", "table", "words"),
    [
        (splits.Time(), {"t": [1, 1, 1]}, "same 't'"),
        (splits.Time(), {"t": [1, None]}, "missing in 1 of 2 rows"),
        (splits.Time(), {"tt": [1, 2]}, "Did you mean 'tt'"),
        (splits.Group("g"), {"g": ["a", "a", "b"]}, "2 group(s)"),
        (splits.Group("h"), {"g": [1]}, "no column 'h'"),
        (splits.Stratified(), {"y": [float(i) for i in range(100)]}, "these are no classes"),
        (splits.Stratified(), {"y": [None, "a"]}, "missing in 1 of 2 rows"),
    ],
)
def test_rows_that_cannot_be_split_say_why(split: splits.Split, table: dict, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        split.assign(pa.table(table), time="t", label="y")
    assert words in str(caught.value)


def test_no_event_time_offers_another_split() -> None:
    with pytest.raises(InvalidInput, match=r"splits\.Random"):
        splits.Time().assign(pa.table({"a": [1]}), time=None, label="")


def test_splits_of_equal_fractions_are_equal() -> None:
    assert splits.Time() == splits.Time()
    assert splits.Random(seed=1) != splits.Random(seed=2)
