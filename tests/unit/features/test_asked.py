"""The rows a join is asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pyarrow as pa
import pytest

from treadle.datasets import Column, Source, csv
from treadle.errors import InvalidInput
from treadle.features import FeatureView
from treadle.features.asked import Asked

SOURCE = Source("weather", csv("w.csv"), id=("origin", "at"), time="at")
VIEW = FeatureView("weather", SOURCE, entity="origin", features=["temp"])
MOMENT = datetime(2013, 3, 10, 7, tzinfo=UTC)


def asked(**columns: object) -> Asked:
    return Asked(pa.table({"t": pa.array([MOMENT], pa.timestamp("us", tz="UTC")), **columns}), "t")


@pytest.mark.parametrize(
    "instants",
    [
        pa.array([MOMENT], pa.timestamp("us", tz="UTC")),
        pa.array([MOMENT], pa.timestamp("us", tz="America/New_York")),
        pa.array([MOMENT], pa.timestamp("s", tz="Asia/Kolkata")),
        pa.array([MOMENT], pa.timestamp("ms", tz="UTC")),
        pa.array([MOMENT.replace(tzinfo=None)], pa.timestamp("us")),
        pa.array([MOMENT.replace(tzinfo=None)], pa.timestamp("ns")),
        pa.array(pd.Series([MOMENT])),
    ],
)
def test_an_instant_is_the_same_in_every_unit_and_zone(instants: pa.Array) -> None:
    assert Asked(pa.table({"t": instants}), "t").instants.tolist() == [1_362_898_800_000_000]


def test_days_begin_at_midnight_utc() -> None:
    assert Asked(pa.table({"t": pa.array([date(1970, 1, 2)])}), "t").instants.tolist() == [86_400_000_000]


@pytest.mark.parametrize(("nanos", "micros"), [(1_999, 1), (-1, -1), (-1_000, -1), (-1_001, -2)])
def test_parts_of_a_microsecond_are_rounded_down(nanos: int, micros: int) -> None:
    table = pa.table({"t": pa.array([nanos], pa.int64()).cast(pa.timestamp("ns"))})
    assert Asked(table, "t").instants.tolist() == [micros]


@pytest.mark.parametrize(
    ("every", "moment", "tick"),
    [
        (None, 7, 7),
        (timedelta(microseconds=5), 14, 10),
        (timedelta(microseconds=5), 15, 15),
        (timedelta(microseconds=5), -1, -5),
        (timedelta(days=1), 86_399_999_999, 0),
    ],
)
def test_ticks_are_whole_multiples_of_the_cadence(every: timedelta | None, moment: int, tick: int) -> None:
    table = pa.table({"t": pa.array([moment], pa.int64()).cast(pa.timestamp("us"))})
    assert Asked(table, "t").ticks(every).tolist() == [tick]


@pytest.mark.parametrize(
    ("table", "message", "field"),
    [
        (pa.table({"time": [1]}), "no column 't'", "t"),
        (pa.table({"t": ["2013-01-01"]}), "is string and not a moment in time", "t"),
        (pa.table({"t": [1.5]}), "not a moment in time", "t"),
        (pa.table({"t": pa.array([MOMENT, None, None])}), "missing in 2 of 3 rows", "t"),
    ],
)
def test_rows_without_an_instant_are_refused(table: pa.Table, message: str, field: str) -> None:
    with pytest.raises(InvalidInput, match=message) as caught:
        Asked(table, "t")
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("given", "kind", "kept"),
    [
        (pa.array([7], pa.int8()), "integer", [7]),
        (pa.array([7.0, float("nan"), None]), "integer", [7, None, None]),
        (pa.array(["a", None]).dictionary_encode(), "text", ["a", None]),
        (pa.array(["a"], pa.large_string()), "text", ["a"]),
        (pa.array([True]), "boolean", [True]),
        (pa.array([None]), "text", [None]),
        (pa.array([date(2013, 1, 1)]), "date", [date(2013, 1, 1)]),
        (pa.array([MOMENT], pa.timestamp("s", tz="Asia/Tokyo")), "timestamp", [MOMENT]),
    ],
)
def test_keys_take_the_type_of_the_view(given: pa.Array, kind: str, kept: list[object]) -> None:
    rows = pa.table({"t": pa.array([MOMENT] * len(given)), "origin": given})
    assert Asked(rows, "t").key(Column("origin", kind), VIEW).to_pylist() == kept  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        (pa.array([7]), "text", "is int64 in the rows and text in feature view 'weather'"),
        (pa.array(["7"]), "integer", "keys of different types never match"),
        (pa.array([7.5]), "integer", "holds values that are not integers"),
        (pa.array([2**63], pa.uint64()), "integer", "holds values that are not integers"),
        (pa.array([1]), "boolean", "is int64 in the rows and boolean"),
        (pa.array([MOMENT]), "date", "in the rows and date"),
    ],
)
def test_keys_of_another_type_are_refused(given: pa.Array, kind: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message) as caught:
        asked(origin=given).key(Column("origin", kind), VIEW)  # type: ignore[arg-type]
    assert caught.value.field == "origin"


def test_a_missing_entity_is_suggested() -> None:
    with pytest.raises(
        InvalidInput, match=r"no column 'origin', the entity of feature view 'weather'\. Did you mean 'orign'"
    ):
        asked(orign=["JFK"]).key(Column("origin", "text"), VIEW)


def test_a_column_that_is_there_already_is_refused() -> None:
    with pytest.raises(InvalidInput, match="already have a column 'weather__temp'"):
        asked(weather__temp=[1]).check_free([VIEW])
    with pytest.raises(InvalidInput, match="weather__temp"):
        asked().check_free([VIEW, VIEW])
