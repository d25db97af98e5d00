"""Which plan a view takes, and what the straight one must not get wrong."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from treadle.datasets import Source, frame
from treadle.features import FeatureView, count, mean
from treadle.features.layout import lay_out
from treadle.features.prepared import compare, prepare

T0 = datetime(2013, 3, 10, tzinfo=UTC)
MOMENT = pa.timestamp("us", tz="UTC")


def hours(*numbers: float | None) -> pa.Array:
    return pa.array([None if n is None else T0 + timedelta(hours=n) for n in numbers], MOMENT)


def weather(rows: int, ties: int = 0) -> pa.Table:
    """Hourly rows of ten stations; `ties` of them come twice with another value."""
    draw = random.Random(rows)
    lines = [(f"S{number % 10}", number // 10, draw.random()) for number in range(rows)]
    lines += [(station, hour, value + 1) for station, hour, value in draw.sample(lines, ties)]
    draw.shuffle(lines)
    return pa.table(
        {
            "station": [station for station, _, _ in lines],
            "at": hours(*(hour for _, hour, _ in lines)),
            "temp": [value for _, _, value in lines],
            "unread": [None] * len(lines),
        }
    )


def view_of(rows: pa.Table, name: str = "weather", **changes: Any) -> FeatureView:
    source = Source(name, frame(rows), id=("station", "at"), time="at")
    return FeatureView(name, source, **{"entity": "station", "features": ["temp"], **changes})


@pytest.mark.parametrize(("rows", "asked"), [(200, 100), (5_000, 40)], ids=["many asked", "few asked"])
def test_ties_are_settled_by_content_whatever_the_order_of_rows(kitchen: Any, rows: int, asked: int) -> None:
    """Both ways of finding ties: over the whole version, and around the rows that matched."""
    table = weather(rows, ties=rows // 2)
    best = {}
    for station, at, temp in zip(*(table[c].to_pylist() for c in ("station", "at", "temp")), strict=True):
        best[station, at] = max(temp, best.get((station, at), temp))
    draw = random.Random(asked)
    questions = [(f"S{draw.randrange(10)}", draw.randrange(rows // 10)) for _ in range(asked)]
    points = pa.table({"station": [s for s, _ in questions], "t": hours(*(h for _, h in questions))})
    wanted = [best[station, T0 + timedelta(hours=hour)] for station, hour in questions]
    for turn in range(3):
        name = f"weather{turn}"
        kitchen.write(name, table.take(pa.array(draw.sample(range(table.num_rows), table.num_rows))))
        views = [
            view_of(table, name),
            FeatureView("other", view_of(table, name).source, entity="station", features=["temp"]),
        ]
        for _ in range(2):  # the second time what is known of the version is remembered
            found = kitchen.store.get_historical_features(points, views, time="t")
            assert found[f"{name}__temp"].to_pylist() == found["other__temp"].to_pylist() == wanted


def test_rows_that_do_not_tie_take_one_join(kitchen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    table = weather(500)
    kitchen.write("weather", table)
    points = pa.table({"station": ["S1", "S2", None, "S99"], "t": hours(3.5, 100, 3, 3)})
    joining = kitchen.store._joining
    monkeypatch.setattr(joining, "_general", lambda *_: pytest.fail("took the other plan"))
    found = kitchen.store.get_historical_features(points, [view_of(table)], time="t")["weather__temp"].to_pylist()
    by_key = {(s, at): t for s, at, t in zip(*(table[c].to_pylist() for c in ("station", "at", "temp")), strict=True)}
    assert found == [by_key["S1", T0 + timedelta(hours=3)], by_key["S2", T0 + timedelta(hours=49)], None, None]


def test_views_of_different_plans_and_entities_meet_in_the_order_asked(kitchen: Any) -> None:
    kitchen.write("weather", weather(100))
    flights = pa.table(
        {
            "id": [1, 2, 3],
            "carrier": ["AA", "AA", "UA"],
            "at": hours(0, 1, 2),
            "landed": hours(5, 3, 4),
            "late": [True, False, True],
        }
    )
    kitchen.write("flights", flights)
    source = Source("flights", frame(flights), id="id", time="at", created="landed")
    delays = FeatureView(
        "delays", source, entity="carrier", features=[mean("late", over="1d"), count(over="1d")], every="1h"
    )
    first, second = view_of(weather(100)), view_of(weather(100), "weather")
    second = FeatureView("again", first.source, entity="station", features=["temp"], ttl="2h", every="4h")
    rows = pa.table(
        {
            "n": [0, 1, 2, 3],
            "carrier": ["AA", "UA", None, "AA"],
            "t": hours(4, 4.5, 6, 6.5),
            "station": ["S0", "S1", "S2", "S3"],
        }
    )
    found = kitchen.store.get_historical_features(rows, [second, delays, first], time="t")
    assert found.column_names == [
        *rows.column_names,
        "again__temp",
        "delays__late_mean_1d",
        "delays__count_1d",
        "weather__temp",
    ]
    assert found.select(rows.column_names).equals(rows)
    assert found["delays__late_mean_1d"].to_pylist() == [0.0, 1.0, None, 0.5]
    assert found["delays__count_1d"].to_pylist() == [1, 1, None, 2]
    temps = {
        (s, at): t for s, at, t in zip(*(weather(100)[c].to_pylist() for c in ("station", "at", "temp")), strict=True)
    }
    assert found["weather__temp"].to_pylist() == [
        temps[f"S{n}", T0 + timedelta(hours=h)] for n, h in enumerate((4, 4, 6, 6))
    ]
    again = [
        temps["S0", T0 + timedelta(hours=4)],
        temps["S1", T0 + timedelta(hours=4)],
        temps["S2", T0 + timedelta(hours=4)],
        None,
    ]
    assert found["again__temp"].to_pylist() == again, "looked up at the tick, and too old two and a half hours after it"


@pytest.mark.parametrize("rows", [0, 3])
def test_no_rows_asked_and_no_rows_known(kitchen: Any, rows: int) -> None:
    empty = weather(10).slice(0, 0)
    kitchen.write("weather", empty)
    view = view_of(empty, features=["temp", mean("temp", over="1h"), count(over="1h")])
    points = pa.table({"station": pa.array(["S1"] * rows, pa.string()), "t": hours(*range(rows))})
    for each in (view, view_of(empty)):
        found = kitchen.store.get_historical_features(points, [each], time="t")
        assert found.num_rows == rows
        assert all(found[column].to_pylist() == [None] * rows for column in each.columns)


@pytest.mark.parametrize(
    ("changes", "source", "straight"),
    [
        ({}, {}, True),
        ({"ttl": "1h", "every": "1h"}, {}, True),
        ({"features": ["temp", mean("temp", over="1h")]}, {}, False),
        ({"entity": "place"}, {}, False),  # a later row of a station may be of another place
        ({}, {"id": "station"}, True),
        ({}, {"created": "came"}, False),
        ({}, {"time": "day"}, False),
    ],
)
def test_only_what_nothing_can_take_back_is_joined_straight(
    kitchen: Any, changes: dict[str, Any], source: dict[str, Any], straight: bool
) -> None:
    rows = pa.table(
        {"station": ["a"], "place": ["b"], "at": hours(0), "came": hours(1), "day": [T0.date()], "temp": [1.0]}
    )
    version = kitchen.write("s", rows)
    made = Source("s", frame(rows), **{"id": ("station", "at"), "time": "at", **source})
    view = FeatureView("v", made, **{"entity": "station", "features": ["temp"], **changes})
    assert lay_out(view, version.columns).straight is straight
    found = kitchen.store.get_historical_features(
        pa.table({"station": ["a"], "place": ["b"], "t": hours(1)}), [view], time="t"
    )
    assert found["v__temp"].to_pylist() == [1.0]


def test_joins_may_run_at_once(kitchen: Any) -> None:
    table = weather(300, ties=30)
    kitchen.write("weather", table)
    view = view_of(table, features=["temp", mean("temp", over="5h"), count(over="2h")])
    points = pa.table({"station": [f"S{n % 10}" for n in range(200)], "t": hours(*(n % 30 for n in range(200)))})
    alone = kitchen.store.get_historical_features(points, [view], time="t")
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda _: kitchen.store.get_historical_features(points, [view], time="t"), range(8)))
    assert all(found.equals(alone) for found in together)


@pytest.mark.parametrize(
    ("stations", "asked", "over", "meets"),
    [
        (300, 50, "3h", True),  # few rows of a station in a window
        (1, 300, "250h", False),  # one station: every question would meet most of its rows
        (1, 300, "1h", True),
        (1, 3, "250h", True),
    ],
)
def test_windows_are_summed_up_or_met_whichever_is_less_work(
    kitchen: Any, stations: int, asked: int, over: str, meets: bool
) -> None:
    rows = pa.table(
        {
            "station": [f"S{n % stations}" for n in range(300)],
            "at": hours(*range(300)),
            "temp": [float(n) for n in range(300)],
        }
    )
    version = kitchen.write("weather", rows)
    source = Source("weather", frame(rows), id=("station", "at"), time="at")
    view = FeatureView("v", source, entity="station", features=[mean("temp", over=over)])
    points = pa.table({"k0": [f"S{n % stations}" for n in range(asked)], "tick": hours(*range(asked)).cast(pa.int64())})
    layout = lay_out(view, version.columns)
    with kitchen.engine.session({"source": version, "asked": points}) as session:
        facts = compare(session, layout, prepare(session, layout, 0, 2**61))
    assert bool(facts.meeting) is meets
