from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

import treadle as td
from treadle.datasets import Engine
from treadle.loop.selection import select_rows

START = datetime(2013, 1, 1, tzinfo=UTC)
source = td.Source("rows", td.csv("r.csv"), id="id", time="at", created="seen", known=["x"])
loop = td.Loop(
    "model",
    source=source,
    label=td.Label("y", task="binary", final_after="1d"),
    features=["x"],
    train=[LogisticRegression()],
)
Row = tuple[int, int, int | None, bool | None]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine(temp=Path(tmp_path_factory.mktemp("engine")), threads=1)


def table(rows: list[Row]) -> pa.Table:
    def moment(hours: int | None) -> Any:
        return None if hours is None else START + timedelta(hours=hours)

    stamp = pa.timestamp("us", tz="UTC")
    return pa.table(
        {
            "id": pa.array([r[0] for r in rows], pa.int64()),
            "at": pa.array([moment(r[1]) for r in rows], stamp),
            "seen": pa.array([moment(r[2]) for r in rows], stamp),
            "x": pa.array([0.0] * len(rows)),
            "y": pa.array([r[3] for r in rows], pa.bool_()),
        }
    )


rows_of = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 96), st.none() | st.integers(0, 120), st.none() | st.booleans()),
    min_size=1,
    max_size=30,
)


@settings(max_examples=150, deadline=None)
@given(rows=rows_of, as_of=st.integers(0, 120))
def test_reasons_add_up_and_nothing_after_the_moment_is_used(engine: Engine, rows: list[Row], as_of: int) -> None:
    moment = START + timedelta(hours=as_of)
    chosen, account = select_rows(loop, table(rows), engine, moment)  # type: ignore[arg-type]
    left_out = account.after_as_of + account.not_final + account.superseded + account.without_label
    assert account.rows == len(rows) == account.used + left_out
    assert chosen.num_rows == account.used
    assert all(at <= moment - timedelta(days=1) for at in chosen["at"].to_pylist())
    assert None not in chosen["y"].to_pylist()
    ids = chosen["id"].to_pylist()
    assert len(ids) == len(set(ids))
    expected = {r[0] for r in rows if _could_be_used(r, as_of)}
    assert set(ids) <= expected


def _could_be_used(row: Row, as_of: int) -> bool:
    _, at, seen, y = row
    return y is not None and at + 24 <= as_of and (at if seen is None else seen) <= as_of


def test_a_correction_replaces_the_row_once_it_was_visible(engine: Engine) -> None:
    rows: list[Row] = [(1, 0, 2, True), (1, 0, 50, False)]
    before, _ = select_rows(loop, table(rows), engine, START + timedelta(hours=49))  # type: ignore[arg-type]
    after, account = select_rows(loop, table(rows), engine, START + timedelta(hours=51))  # type: ignore[arg-type]
    assert before["y"].to_pylist() == [True]
    assert after["y"].to_pylist() == [False]
    assert account.superseded == 1


def test_without_a_moment_everything_labelled_counts(engine: Engine) -> None:
    rows: list[Row] = [(1, 0, 2, True), (2, 90, None, None), (3, 95, 96, False)]
    chosen, account = select_rows(loop, table(rows), engine, None)  # type: ignore[arg-type]
    assert chosen["id"].to_pylist() == [1, 3]
    assert account.summary() == "2 of 3 rows can be learned from; left out: 1 have no label"
