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
from treadle.loop.selection import Spans, newest_labelled, sample_rows, select_rows

START = datetime(2013, 1, 1, tzinfo=UTC)
source = td.Source("rows", td.csv("r.csv"), id="id", time="at", created="seen", known=["x"])


def loop_of(window: str | None = None) -> td.Loop:
    return td.Loop(
        "model",
        source=source,
        label=td.Label("y", task="binary", final_after="1d"),
        features=["x"],
        train=[LogisticRegression()],
        window=window,
    )


loop, windowed = loop_of(), loop_of("30h")
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
    left_out = (
        account.after_as_of + account.before_window + account.not_final + account.superseded + account.without_label
    )
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


@settings(max_examples=80, deadline=None)
@given(rows=rows_of, as_of=st.none() | st.integers(0, 120))
def test_a_window_only_leaves_out_what_lies_before_it(engine: Engine, rows: list[Row], as_of: int | None) -> None:
    moment = None if as_of is None else START + timedelta(hours=as_of)
    every, _ = select_rows(loop, table(rows), engine, moment)  # type: ignore[arg-type]
    chosen, account = select_rows(windowed, table(rows), engine, moment)  # type: ignore[arg-type]
    end = max((at for _, at, _, y in rows if y is not None), default=0) if as_of is None else as_of
    begin = START + timedelta(hours=end - 30)
    assert chosen.to_pylist() == [row for row in every.to_pylist() if row["at"] > begin]
    assert account.rows == len(rows)
    if as_of is not None:
        assert account.before_window == sum(at <= as_of - 30 for _, at, _, _ in rows)


def test_the_account_names_the_window(engine: Engine) -> None:
    rows: list[Row] = [(1, 0, 2, True), (2, 40, 41, True), (3, 60, 61, False)]
    _, account = select_rows(windowed, table(rows), engine, START + timedelta(hours=64))  # type: ignore[arg-type]
    assert account.summary() == (
        "1 of 3 rows can be learned from; left out: 1 lie before the window, 1 have a label that is not final yet"
    )


def test_each_span_gives_as_many_rows_as_asked_and_the_same_ones_each_time(engine: Engine) -> None:
    rows: list[Row] = [(n, n, n + 1, bool(n % 2)) for n in range(96)]
    spans, as_of = Spans(START + timedelta(hours=10), timedelta(hours=20), 3), START + timedelta(hours=200)
    found = sample_rows(windowed, table(rows), engine, as_of, spans, 7)  # type: ignore[arg-type]  # a table is read alike
    assert found["treadle_span"].to_pylist() == [0] * 7 + [1] * 7 + [2] * 7
    for place, hour in zip(found["treadle_span"].to_pylist(), found["id"].to_pylist(), strict=True):
        assert 10 + 20 * place <= hour < 30 + 20 * place
    assert found["id"].to_pylist() == sorted(found["id"].to_pylist())
    assert found == sample_rows(windowed, table(rows), engine, as_of, spans, 7)  # type: ignore[arg-type]
    every = sample_rows(loop, table(rows), engine, as_of, spans, 1_000)  # type: ignore[arg-type]
    assert every["id"].to_pylist() == list(range(10, 70))


def test_a_sample_has_only_rows_that_could_be_learned_from(engine: Engine) -> None:
    """Not yet visible, without a label, or not final: the rules are those of the selection."""
    as_of = START + timedelta(hours=40)
    rows: list[Row] = [(1, 1, 50, True), (2, 2, 3, None), (3, 30, 31, True), (4, 4, 5, True), (5, 5, 6, False)]
    found = sample_rows(loop, table(rows), engine, as_of, Spans(START, timedelta(hours=96), 1), 10)  # type: ignore[arg-type]
    assert found["id"].to_pylist() == [4, 5]
    assert found["id"].to_pylist() == select_rows(loop, table(rows), engine, as_of)[0]["id"].to_pylist()  # type: ignore[arg-type]


def test_the_newest_labelled_row_is_one_whose_label_is_final(engine: Engine) -> None:
    rows: list[Row] = [(1, 1, 2, True), (2, 8, 9, None), (3, 10, 50, True), (4, 7, 8, False), (5, 30, 31, True)]
    assert newest_labelled(loop, table(rows), engine, START + timedelta(hours=40)) == START + timedelta(hours=7)  # type: ignore[arg-type]
    assert newest_labelled(loop, table(rows), engine, START) is None  # type: ignore[arg-type]
