"""The plan a serving worker is given, and the reader that follows it."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from treadle.clock import micros
from treadle.errors import Corrupt, InvalidInput
from treadle.features import LookupPlan, MemoryOnlineStore, OnlineReader, SqliteOnlineStore, ViewLookup
from treadle.features.keys import encode_key
from treadle.testing import FakeClock

WEATHER = ViewLookup(
    name="weather",
    table="weather@1",
    entity=("origin",),
    entity_types=("text",),
    features=("temp", "wind"),
    types=("real", "integer"),
    groups=(0, 0),
    ttl_us=100,
)
DELAYS = ViewLookup(
    name="delays",
    table="delays@1",
    entity=("carrier", "hour"),
    entity_types=("text", "integer"),
    features=("mean", "since", "day"),
    types=("real", "timestamp", "date"),
    groups=(1, 0, 0),
    ttl_us=50,
)
PLAN = LookupPlan((WEATHER, DELAYS))


@pytest.fixture
def store() -> MemoryOnlineStore:
    store = MemoryOnlineStore()
    store.write(
        "weather@1", [(encode_key(["JFK"]), [1_000, 21.5, 4]), (encode_key(["LGA"]), [None, None, None])], 1_000
    )
    store.write("delays@1", [(encode_key(["AA", 7]), [1_000, 900, 0.25, 1_000_000, 3])], 1_000)
    return store


def test_features_come_by_name(store: MemoryOnlineStore) -> None:
    reader = OnlineReader(PLAN, store)
    row = {"origin": "JFK", "carrier": "AA", "hour": 7, "more": object()}
    assert reader.features(row, 950) == {
        "weather__temp": 21.5,
        "weather__wind": 4,
        "delays__mean": 0.25,
        "delays__since": datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC),
        "delays__day": date(1970, 1, 4),
    }


@pytest.mark.parametrize(
    ("at", "weather", "mean", "since"),
    [
        (950, True, True, True),
        (951, True, False, True),
        (1_050, True, False, True),
        (1_051, True, False, False),
        (1_101, False, False, False),
    ],
)
def test_the_time_to_live_counts_from_each_features_own_row(
    store: MemoryOnlineStore, at: int, weather: bool, mean: bool, since: bool
) -> None:
    found = OnlineReader(PLAN, store).features({"origin": "JFK", "carrier": "AA", "hour": 7}, at)
    assert (found["weather__temp"] is not None) is weather
    assert (found["delays__mean"] is not None) is mean
    assert (found["delays__since"] is not None) is since


@pytest.mark.parametrize(
    "row",
    [
        {"origin": "EWR", "carrier": "AA", "hour": 8},
        {"origin": None, "carrier": "AA", "hour": None},
        {"origin": "LGA", "carrier": None, "hour": 7},
    ],
)
def test_what_is_not_known_is_missing(store: MemoryOnlineStore, row: dict[str, Any]) -> None:
    assert set(OnlineReader(PLAN, store).features(row, 900).values()) == {None}


def test_without_a_time_to_live_age_does_not_matter(store: MemoryOnlineStore) -> None:
    plan = LookupPlan(
        (ViewLookup("w", "weather@1", ("origin",), ("text",), ("temp", "wind"), ("real", "integer"), (0, 0)),)
    )
    assert OnlineReader(plan, store).features({"origin": "JFK"}, 10**18) == {"w__temp": 21.5, "w__wind": 4}


def test_the_instant_is_now_when_it_is_left_out(store: MemoryOnlineStore) -> None:
    clock = FakeClock()
    store.write("weather@1", [(encode_key(["JFK"]), [micros(clock.now()), 21.5, 4])], micros(clock.now()))
    reader = OnlineReader(LookupPlan((WEATHER,)), store, clock)
    assert reader.features({"origin": "JFK"})["weather__temp"] == 21.5
    clock.advance("1s")
    assert reader.features({"origin": "JFK"})["weather__temp"] is None
    assert reader.many([{"origin": "JFK"}]) == [{"weather__temp": None, "weather__wind": None}]


def test_many_rows_read_like_one(store: MemoryOnlineStore) -> None:
    reader = OnlineReader(PLAN, store)
    rows = [
        {"origin": o, "carrier": c, "hour": h}
        for o in ("JFK", "EWR", None)
        for c, h in (("AA", 7), ("AA", 8), (None, 7))
    ]
    assert reader.many(rows, 940) == [reader.features(row, 940) for row in rows]
    moments = [900 + 30 * number for number in range(len(rows))]
    assert reader.many(rows, moments) == [reader.features(row, at) for row, at in zip(rows, moments, strict=True)]
    assert reader.many([], 900) == []


@pytest.mark.parametrize(
    ("row", "field"), [({"carrier": "AA", "hour": 7}, "origin"), ({"origin": 7, "carrier": "AA", "hour": 7}, "origin")]
)
def test_wrong_entities_name_the_field(store: MemoryOnlineStore, row: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        OnlineReader(PLAN, store).features(row, 900)
    assert caught.value.field == field


def test_a_record_of_another_shape_is_corrupt(store: MemoryOnlineStore) -> None:
    store.write("weather@1", [(encode_key(["JFK"]), [1_000, 21.5])], 1_000)
    with pytest.raises(Corrupt, match="another shape"):
        OnlineReader(PLAN, store).features({"origin": "JFK", "carrier": "AA", "hour": 7}, 950)


def test_the_plan_travels_as_json() -> None:
    assert LookupPlan.from_json(PLAN.to_json()) == PLAN
    assert json.loads(PLAN.to_json())["views"][0]["ttl_us"] == 100
    assert PLAN.entities == ("origin", "carrier", "hour")
    with pytest.raises(Corrupt, match="not a lookup plan"):
        LookupPlan.from_json('{"views": [{"name": 3}]}')


def test_a_worker_reads_features_with_nothing_but_the_standard_library_and_msgspec(
    tmp_path: Path, store: MemoryOnlineStore
) -> None:
    online = SqliteOnlineStore(tmp_path / "online.db")
    online.write("weather@1", [(encode_key(["JFK"]), [1_000, 21.5, 4])], 1_000)
    program = f"""
import json, sys
import msgspec, msgspec.json, msgspec.msgpack
before = set(sys.modules)
from treadle.features import LookupPlan, OnlineReader, SqliteOnlineStore
plan = LookupPlan.from_json({LookupPlan((WEATHER,)).to_json()!r})
found = OnlineReader(plan, SqliteOnlineStore({str(online.path)!r})).features({{"origin": "JFK"}}, 950)
print(json.dumps([found, sorted({{name.partition(".")[0] for name in set(sys.modules) - before}})]))
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    found, packages = json.loads(run.stdout)
    assert found == {"weather__temp": 21.5, "weather__wind": 4}
    assert [name for name in packages if name not in sys.stdlib_module_names] == ["treadle"]
