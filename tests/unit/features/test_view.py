"""Feature views as they are declared and checked."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from treadle.datasets import Column, Source, csv
from treadle.errors import DeclarationError
from treadle.features import Aggregate, FeatureView, count, last, max, mean, min, sum

FLIGHTS = Source("flights", csv("f.csv"), id="flight", time="scheduled", created="landed", known=["carrier", "dest"])
COLUMNS = [
    Column("flight", "integer"),
    Column("scheduled", "timestamp"),
    Column("landed", "timestamp"),
    Column("carrier", "text"),
    Column("dest", "text"),
    Column("late", "boolean"),
    Column("delay", "real"),
]


def view(**changes: Any) -> FeatureView:
    given: dict[str, Any] = {"name": "delays", "source": FLIGHTS, "entity": "carrier", "features": ["dest"], **changes}
    return FeatureView(given.pop("name"), given.pop("source"), **given)


def test_what_is_declared() -> None:
    made = view(
        features=["dest", mean("late", over="6h")], ttl="7d", every=timedelta(hours=1), entity=["carrier", "dest"]
    )
    assert made.entity == ("carrier", "dest")
    assert made.feature_names == ("dest", "late_mean_6h")
    assert made.columns == ("delays__dest", "delays__late_mean_6h")
    assert (made.ttl, made.ttl_us) == (timedelta(days=7), 604_800_000_000)
    assert (made.every, made.every_us) == (timedelta(hours=1), 3_600_000_000)
    assert str(made) == "delays"
    assert made.declared_at.startswith(__file__)
    assert "late_mean_6h" in made._repr_html_()


def test_it_never_changes() -> None:
    with pytest.raises(FrozenInstanceError):
        view().name = "other"  # type: ignore[misc]
    assert view() == view()
    assert hash(view()) == hash(view())


def test_what_changes_the_values_changes_the_definition() -> None:
    base = view(features=["dest", mean("late", over="6h")])
    assert base.definition == view(features=["dest", mean("late", over="6h")]).definition
    assert base.definition == view(features=["dest", mean("late", over="6h")], ttl="1d").definition, (
        "counted when it is read"
    )
    late_source = Source("flights", csv("f.csv"), id="flight", time="scheduled", created="landed", known=["carrier"])
    others = [
        view(features=["dest", mean("late", over="7h")]),
        view(features=["dest", mean("delay", over="6h", name="late_mean_6h")]),
        view(features=["dest", sum("late", over="6h", name="late_mean_6h")]),
        view(features=["late", mean("late", over="6h")]),
        view(features=[mean("late", over="6h"), "dest"]),
        view(features=["dest", mean("late", over="6h")], entity="dest"),
        view(features=["dest", mean("late", over="6h")], every="1h"),
        view(features=["dest", mean("late", over="6h")], source=late_source),
    ]
    assert len({base.definition, *(other.definition for other in others)}) == 1 + len(others)
    assert base.table == f"delays@{base.definition}"


@pytest.mark.parametrize(
    ("changes", "message", "field"),
    [
        ({"name": "late delays"}, "cannot be the name", "name"),
        ({"name": "a__b"}, "no double '_'", "name"),
        ({"name": 7}, "cannot be the name", "name"),
        ({"source": "flights"}, "needs a Source, not str", "source"),
        ({"source": Source("s", csv("f.csv"), id="a")}, "has no event time", "source"),
        ({"entity": []}, "must name columns", "entity"),
        ({"entity": ["carrier", "carrier"]}, "'carrier' twice in entity", "entity"),
        ({"features": []}, "takes column names and aggregates", "features"),
        ({"features": "dest"}, r"features of feature view 'delays' is a list. Write features=\['dest'\]", "features"),
        ({"features": [3]}, "not 3", "features"),
        ({"features": ["dest", ""]}, "not ''", "features"),
        ({"features": ["dest", "dest"]}, "'dest' twice in features", "features"),
        ({"features": [count(over="1d"), count(over="1d")]}, "'count_1d' twice in features", "features"),
        ({"ttl": "soon"}, "'soon' is not a duration", "ttl"),
        ({"ttl": 7}, "ttl must be a duration", "ttl"),
        ({"every": "0h"}, "longer than zero", "every"),
    ],
)
def test_mistakes_name_the_field_and_the_line(changes: dict[str, Any], message: str, field: str) -> None:
    with pytest.raises(DeclarationError, match=message) as caught:
        view(**changes)
    assert caught.value.field == field
    assert Path(caught.value.where.rsplit(":", 1)[0]) == Path(__file__)


def test_a_view_that_fits_is_silent() -> None:
    features: list[str | Aggregate] = [
        "dest",
        "scheduled",
        mean("late", over="1h"),
        sum("delay", over="1h"),
        min("delay", over="1h"),
        max("flight", over="1h"),
        count("dest", over="1h"),
        count(over="1h"),
        last("dest"),
    ]
    view(features=features).check(COLUMNS)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": ["dst"]}, "no such column. Did you mean 'dest'"),
        ({"entity": "carier"}, "no such column. Did you mean 'carrier'"),
        ({"features": [mean("lat", over="1h")]}, "no such column. Did you mean 'late'"),
        ({"features": [mean("dest", over="1h")]}, r"mean\(\) cannot take the column 'dest': it is text"),
        ({"features": [sum("scheduled", over="1h")]}, "it is timestamp"),
        ({"features": [max("late", over="1h")]}, "it is boolean. It takes integer, real columns"),
        ({"features": [min("dest", over="1h")]}, "it is text"),
        ({"entity": "delay"}, "is a real number"),
        (
            {"source": Source("flights", csv("f.csv"), id="flight", time="carrier")},
            "'carrier', time of source 'flights', is text and not a moment",
        ),
        (
            {"source": Source("flights", csv("f.csv"), id="flight", time="scheduled", created="delay")},
            "'delay', created of source 'flights', is real",
        ),
        ({"source": Source("flights", csv("f.csv"), id="flight", time="scheduld")}, "Did you mean 'scheduled'"),
    ],
)
def test_a_view_that_does_not_fit_its_columns_says_so(changes: dict[str, Any], message: str) -> None:
    made = view(**changes)
    with pytest.raises(DeclarationError) as caught:
        made.check(COLUMNS)
    assert re.search(message, str(caught.value))
    assert Path(caught.value.where.rsplit(":", 1)[0]) == Path(__file__)
