"""Row fingerprints: what changes them and what does not."""

from __future__ import annotations

import math
import random
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treadle.datasets import Column, Engine, columns_of
from treadle.datasets.fingerprint import Sums, fingerprint, sum_rows

SCHEMA = pa.schema(
    [
        ("i", pa.int64()),
        ("r", pa.float64()),
        ("s", pa.string()),
        ("b", pa.bool_()),
        ("t", pa.timestamp("us", "UTC")),
        ("d", pa.date32()),
    ]
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    ["", "~", "|", "1:a", "a|b", "0:", "t", "f", "1"]
)
MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(lambda t: t.replace(tzinfo=UTC))
ROW = st.tuples(
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.floats(allow_nan=False),
    st.none() | TEXT,
    st.none() | st.booleans(),
    st.none() | MOMENTS,
    st.none() | st.dates(date(1, 1, 2), date(9999, 12, 30)),
)


@pytest.fixture(scope="module")
def shared() -> Iterator[Engine]:
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(memory_limit="1GB", threads=2, temp=Path(folder))
        yield engine
        engine.close()


def table(rows: list[tuple], schema: pa.Schema = SCHEMA) -> pa.Table:
    return pa.table([pa.array([row[i] for row in rows], f.type) for i, f in enumerate(schema)], schema=schema)


def sums(engine: Engine, rows: pa.Table) -> Sums:
    with engine.session({"t": rows}) as session:
        return sum_rows(session, "t", columns_of(rows))


def of(engine: Engine, rows: pa.Table) -> str:
    return fingerprint(columns_of(rows), sums(engine, rows))


@given(rows=st.lists(ROW, max_size=8), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=60)
def test_the_order_of_rows_and_columns_does_not_matter(shared: Engine, rows: list[tuple], seed: int) -> None:
    mixed = rows.copy()
    random.Random(seed).shuffle(mixed)
    names = SCHEMA.names
    random.Random(seed).shuffle(names)
    assert of(shared, table(mixed).select(names)) == of(shared, table(rows))


@given(rows=st.lists(ROW, min_size=1, max_size=5), other=ROW, data=st.data())
@settings(deadline=None, max_examples=100)
def test_any_other_cell_is_another_fingerprint(
    shared: Engine, rows: list[tuple], other: tuple, data: st.DataObject
) -> None:
    row, column = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(0, len(SCHEMA) - 1))
    changed = [list(one) for one in rows]
    changed[row][column] = other[column]
    same = changed[row][column] == rows[row][column]  # None equals None only; 0.0 equals -0.0
    assert (of(shared, table([tuple(one) for one in changed])) == of(shared, table(rows))) == same


@given(a=st.lists(ROW, max_size=5), b=st.lists(ROW, max_size=5))
@settings(deadline=None, max_examples=40)
def test_sums_of_parts_are_the_sums_of_the_whole(shared: Engine, a: list[tuple], b: list[tuple]) -> None:
    assert sums(shared, table(a)) + sums(shared, table(b)) == sums(shared, table(a + b))


def reference(rows: list[dict[str, Any]]) -> Sums:
    """The canonical text written by hand, row by row."""
    import hashlib

    def cell(value: Any) -> str:
        if value is None:
            return "~"
        if isinstance(value, bool):
            return "t" if value else "f"
        if isinstance(value, float):
            whole = math.isfinite(value) and value == math.floor(value) and abs(value) < 1e15
            return str(int(value)) if whole else f"{value:.17g}"
        if isinstance(value, datetime):
            return str((value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1))
        if isinstance(value, date):
            return str((value - date(1970, 1, 1)).days)
        return f"{len(value.encode())}:{value}" if isinstance(value, str) else str(value)

    total = Sums()
    for row in rows:
        text = "|".join(cell(row[name]) for name in sorted(row))
        digest = hashlib.md5(text.encode()).digest()
        # The engine reads the digest as a number that begins with its last byte.
        number = int.from_bytes(digest, "little")
        total += Sums(1, number & (2**64 - 1), number >> 64)
    return total


@given(rows=st.lists(ROW, max_size=6))
@settings(deadline=None, max_examples=100)
def test_it_is_what_an_independent_calculation_says(shared: Engine, rows: list[tuple]) -> None:
    found = table(rows)
    assert sums(shared, found) == reference(found.to_pylist())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([None], [""]),
        (["~"], [None]),
        (["a", "a"], ["a"]),
        (["a", "b"], ["ab", ""]),
        (["1"], ["01"]),
    ],
)
def test_look_alikes_differ(shared: Engine, one: list, other: list) -> None:
    schema = pa.schema([("s", pa.string())])
    assert of(shared, table([(v,) for v in one], schema)) != of(shared, table([(v,) for v in other], schema))


def test_values_do_not_slip_between_columns(shared: Engine) -> None:
    schema = pa.schema([("a", pa.string()), ("b", pa.string())])
    rows = [[("a|b", "")], [("a", "b")], [("", "a|b")], [("a", None)], [(None, "a")]]
    assert len({of(shared, table(one, schema)) for one in rows}) == len(rows)


@pytest.mark.parametrize("change", [("name", Column("x", "integer")), ("type", Column("a", "real"))])
def test_names_and_types_count(change: tuple[str, Column]) -> None:
    assert fingerprint([change[1]], Sums(1, 2, 3)) != fingerprint([Column("a", "integer")], Sums(1, 2, 3))


def test_it_never_changes_between_releases(shared: Engine) -> None:
    """These digests are written down: a release that gives others would make every dataset look new."""
    moment = datetime(2013, 1, 1, 10, 15, 0, 1, tzinfo=UTC)
    rows = [
        (1, 0.1, "ünï", True, moment, date(2013, 1, 1)),
        (-(2**63), 1e300, "", False, datetime(1900, 1, 1, tzinfo=UTC), date(1900, 1, 1)),
        (None, None, None, None, None, None),
        (0, 1e15, "a\nb", True, moment, date(1970, 1, 1)),
        (7, float("inf"), "~", False, moment, date(2262, 4, 12)),
        (7, float("nan"), "|", None, moment, None),
        (8, -2.5e-7, "x", None, None, None),
        (9, 123456789.0, "x", None, None, None),
    ]
    assert of(shared, table(rows)) == "37aef2c633818ba6650697fcd43df1ab54f9f8cf782f11f7e80d7108a99712fb"
