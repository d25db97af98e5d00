"""What was asked and what became known, stretch by stretch, against a calculation by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

import treadle as td
from treadle.errors import InvalidInput
from treadle.operations.replaying.history import History

START = datetime(2024, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def loop_of(source: td.Source) -> td.Loop:
    return td.Loop(
        "late",
        source=source,
        label=td.Label("late", task="binary", positive=True),
        features=["distance"],
        train=[LogisticRegression()],
    )


def history_of(folder: Path, rows: pd.DataFrame, **declared: str) -> tuple[History, td.Workspace]:
    rows.to_csv(folder / "rows.csv", index=False)
    said = {"time": "at", "created": "landed", **declared}
    source = td.Source("rows", td.csv("rows.csv"), id=("day", "flight"), known=["distance"], **said)
    workspace = td.open(folder)
    version = workspace.datasets.ingest(source, root=folder).version
    return History(loop_of(source), version, workspace.engine), workspace


def rows_of(minutes: list[tuple[int, int | None]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "day": ["mon"] * len(minutes),
            "flight": [f"f{n}" for n in range(len(minutes))],
            "at": [START + timedelta(minutes=at) for at, _ in minutes],
            "landed": [START + timedelta(minutes=at + (after or 0)) for at, after in minutes],
            "distance": [100 + n for n in range(len(minutes))],
            "late": [None if after is None else bool(n % 2) for n, (_, after) in enumerate(minutes)],
        }
    )


@settings(max_examples=15, deadline=None)
@given(
    minutes=st.lists(
        st.tuples(st.integers(0, 60 * 24 * 40), st.one_of(st.none(), st.integers(0, 600))), min_size=2, max_size=40
    )
)
def test_every_row_is_asked_once_in_its_stretch_and_every_label_told_once_when_it_is_known(
    tmp_path_factory: pytest.TempPathFactory, minutes: list[tuple[int, int | None]]
) -> None:
    minutes = [*minutes, (5, 10), (6, 10)]  # so that both outcomes and a label are there
    rows = rows_of(minutes)
    history, workspace = history_of(tmp_path_factory.mktemp("p"), rows)
    with workspace:
        end = START + timedelta(days=41)
        asked = list(history.asked(START, end, HOUR))
        known = list(history.known("late", START, end, HOUR))
    assert [moment for moment, _ in asked] == [START + n * HOUR for n in range(41 * 24)]
    told = {
        (moment, each, column): value
        for moment, found in asked
        for column, values in found.columns.items()
        for each, value in zip(found.ids, values, strict=True)
    }
    for _, row in rows.iterrows():
        stretch = START + (row["at"] - START) // HOUR * HOUR
        assert told.pop((stretch, f"mon|{row['flight']}", "distance")) == row["distance"]
    assert not told
    labels = [(moment, each) for moment, found in known for each in zip(found.ids, found.values, strict=True)]
    expected = [
        (START + (row["landed"] - START) // HOUR * HOUR, (f"mon|{row['flight']}", row["late"]))
        for _, row in rows.iterrows()
        if row["late"] is not None
    ]
    assert sorted(labels, key=str) == sorted(expected, key=str)


def test_rows_that_were_answered_are_left_out(tmp_path: Path) -> None:
    history, workspace = history_of(tmp_path, rows_of([(1, 5), (2, 5), (3, 5)]))
    with workspace:
        (_, asked), *_ = history.asked(START, START + HOUR, HOUR)
    left = asked.without({"mon|f1"})
    assert left.ids == ["mon|f0", "mon|f2"]
    assert left.columns == {"distance": [100, 102]}
    assert asked.without({"other"}) is asked


def test_a_source_without_time_has_no_history(tmp_path: Path) -> None:
    pd.DataFrame({"id": [1, 2], "distance": [1, 2], "late": [True, False]}).to_csv(tmp_path / "r.csv", index=False)
    source = td.Source("r", td.csv("r.csv"), id="id")
    with td.open(tmp_path) as workspace:
        version = workspace.datasets.ingest(source, root=tmp_path).version
        with pytest.raises(InvalidInput) as caught:
            History(loop_of(source), version, workspace.engine)
    assert caught.value.field == "source"
