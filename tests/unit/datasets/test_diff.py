"""Differences between versions, against a slow and simple calculation."""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treadle.datasets import Datasets, Engine
from treadle.testing import Ground

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "k": st.none() | st.integers(0, 3),
            "l": st.sampled_from(["a", "b", None]),
            "v": st.none() | st.integers(0, 2),
            "w": st.none() | st.sampled_from([0.5, 1.0]),
        }
    ),
    max_size=8,
)
SCHEMA = pa.schema([("k", pa.int64()), ("l", pa.string()), ("v", pa.int64()), ("w", pa.float64())])


@pytest.fixture(scope="module")
def shared() -> Datasets:
    folder = Path(tempfile.mkdtemp())
    ground = Ground.at(folder)
    engine = Engine(memory_limit="1GB", threads=2, temp=folder / "temp")
    return Datasets(ground.database, folder / "tables", engine, project="test", clock=ground.clock, ids=ground.ids)


@given(before=ROWS, after=ROWS, key=st.sampled_from([("k",), ("k", "l"), ()]))
@settings(deadline=None, max_examples=25)
def test_counts_are_those_of_a_plain_calculation(
    shared: Datasets, before: list[dict], after: list[dict], key: tuple[str, ...]
) -> None:
    a = shared.write("d", pa.Table.from_pylist(before, SCHEMA))
    b = shared.write("d", pa.Table.from_pylist(after, SCHEMA))
    diff = shared.diff(a, b, key)
    sides = []
    for rows in (before, after):
        groups: dict[tuple, Counter] = defaultdict(Counter)
        for row in rows:
            groups[tuple(row[k] for k in key or SCHEMA.names)][tuple(row[name] for name in SCHEMA.names)] += 1
        sides.append(groups)
    was, now = sides
    if key:
        expected = (
            len(now.keys() - was.keys()),
            len(was.keys() - now.keys()),
            sum(1 for k in was.keys() & now.keys() if was[k] != now[k]),
        )
    else:
        gone, come = (Counter(tuple(r[n] for n in SCHEMA.names) for r in rows) for rows in (before, after))
        expected = ((come - gone).total(), (gone - come).total(), 0)
    assert (diff.added, diff.removed, diff.changed) == expected
    assert diff.same == (expected == (0, 0, 0))
    assert len(diff.examples) >= (1 if sum(expected) else 0)


def test_examples_show_what_changed(shared: Datasets) -> None:
    a = shared.write("e", pa.table({"id": [1, 2, 3], "x": ["a", "b", None], "y": [1, 2, 3]}))
    b = shared.write("e", pa.table({"id": [1, 2, 4], "x": ["a", None, "d"], "y": [1, 9, 4]}))
    diff = shared.diff(a, b, ["id"])
    assert (diff.before, diff.after, diff.added, diff.removed, diff.changed) == ("e@1", "e@2", 1, 1, 1)
    assert diff.examples == (
        {"change": "added", "key": {"id": "4"}, "columns": {}},
        {"change": "changed", "key": {"id": "2"}, "columns": {"x": ["b", None], "y": ["2", "9"]}},
        {"change": "removed", "key": {"id": "3"}, "columns": {}},
    )


def test_columns_that_come_go_and_change_type(shared: Datasets) -> None:
    a = shared.write("f", pa.table({"id": [1, 2], "gone": [1, 2], "wide": [1, 2], "other": [1, 2]}))
    b = shared.write("f", pa.table({"id": [1, 2], "new": [1, 2], "wide": [1.0, 2.5], "other": ["1", "x"]}))
    diff = shared.diff(a, b, ["id"])
    assert (diff.columns_added, diff.columns_removed) == (("new",), ("gone",))
    assert diff.columns_retyped == (("wide", "integer", "real"), ("other", "integer", "text"))
    assert diff.changed == 1, "2 became 2.5; a number that became text cannot be compared"


def test_the_number_of_examples_is_bounded(shared: Datasets) -> None:
    a = shared.write("g", pa.table({"id": list(range(100)), "x": [0] * 100}))
    b = shared.write("g", pa.table({"id": list(range(50, 150)), "x": [1] * 100}))
    diff = shared.diff(a, b, ["id"], examples=3)
    assert (diff.added, diff.removed, diff.changed) == (50, 50, 50)
    assert Counter(example["change"] for example in diff.examples) == {"added": 3, "removed": 3, "changed": 3}
