"""The calculation by hand, on rows small enough to see the answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import treadle as td
from treadle.loop.proving.reference import in_arrival_order, reference_values

START = datetime(2024, 1, 1, tzinfo=UTC)
SOURCE = td.Source("s", td.csv("s.csv"), id="id", time="at", created="known", known=["key", "plan"])


def hours(count: float) -> datetime:
    return START + timedelta(hours=count)


def row(id: int, at: float, known: float | None, value: float | None, plan: str = "free") -> dict[str, Any]:
    return {"id": id, "at": hours(at), "known": None if known is None else hours(known), "value": value, "plan": plan}


ROWS = [row(1, 1, 2, 10.0), row(2, 3, 9, 20.0, "gold"), row(3, 4, 5, None), row(4, 6, None, 7.0, "late")]


def values(view: Any, rows: list[dict[str, Any]], at: float) -> list[Any]:
    return reference_values(view, in_arrival_order(view, rows), hours(at))


@pytest.mark.parametrize(
    ("feature", "at", "expected"),
    [
        (td.mean("value", over="12h"), 3.0, 10.0),
        (td.mean("value", over="12h"), 8.0, 10.0),  # the second row has happened but not arrived
        (td.mean("value", over="12h"), 9.0, 15.0),
        (td.sum("value", over="12h"), 1.5, None),  # nothing has arrived
        (td.count(over="12h"), 9.0, 3),
        (td.count("value", over="12h"), 9.0, 2),
        (td.count(over="2h"), 9.0, 0),
        (td.last("value"), 9.0, 20.0),
        (td.max("value", over="7h"), 9.0, 20.0),  # the window is open at its old end
        ("plan", 3.5, "gold"),  # known early
        ("plan", 6.5, "late"),  # its outcome never arrives, what was known early is known
        ("value", 9.5, None),  # the newest row that arrived has no value
    ],
)
def test_a_feature_by_hand(feature: Any, at: float, expected: Any) -> None:
    view = td.FeatureView("v", SOURCE, entity="key", features=[feature])
    assert values(view, [{**each, "key": "k"} for each in ROWS], at) == [expected]


def test_what_is_too_old_is_missing() -> None:
    view = td.FeatureView("v", SOURCE, entity="key", ttl="5h", features=[td.count(over="1d")])
    rows = [{**ROWS[0], "key": "k"}]
    assert values(view, rows, 6) == [1]
    assert values(view, rows, 6.001) == [None]


def test_rows_are_seen_as_of_the_last_tick() -> None:
    view = td.FeatureView("v", SOURCE, entity="key", every="4h", features=[td.count(over="1d")])
    assert values(view, [{**ROWS[0], "key": "k"}], 3.9) == [None]
    assert values(view, [{**ROWS[0], "key": "k"}], 4) == [1]


def test_a_correction_counts_from_its_arrival() -> None:
    view = td.FeatureView("v", SOURCE, entity="key", features=[td.last("value")])
    rows = [{**ROWS[0], "key": "k"}, {**ROWS[0], "known": hours(5), "value": 11.0, "key": "k"}]
    assert [values(view, rows, at) for at in (3, 5)] == [[10.0], [11.0]]
