"""Columns come from the request, features from the online store, and nothing is guessed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from treadle.clock import ReplayClock
from treadle.errors import InvalidInput
from treadle.features import LookupPlan, MemoryOnlineStore, OnlineReader
from treadle.features.keys import key_of
from treadle.features.lookup import ViewLookup
from treadle.models import Field, Signature
from treadle.serving.gathering import gather
from treadle.serving.question import Question

SIGNATURE = Signature(
    (Field("weather__temp"), Field("weather__sky", "string"), Field("carrier__late"), Field("distance")), "regression"
)
WEATHER = ViewLookup(
    "weather", "weather", ("origin",), ("text",), ("temp", "sky", "unused"), ("real", "text", "real"), (0, 0, 0), 100
)
CARRIER = ViewLookup("carrier", "carrier", ("carrier",), ("text",), ("late",), ("real",), (0,))


@pytest.fixture
def reader() -> OnlineReader:
    store = MemoryOnlineStore()
    rows = [
        (_key("EWR", WEATHER), (1_000, 21.5, "clear", 9.0)),
        (_key("JFK", WEATHER), (2_000, 18.0, None, 9.0)),
    ]
    store.write("weather", rows, 5_000)
    store.write("carrier", [(_key("UA", CARRIER), (0, 0.25))], 5_000)
    return OnlineReader(LookupPlan((WEATHER, CARRIER)), store, ReplayClock())


def _key(value: str, view: ViewLookup) -> bytes:
    key = key_of({view.entity[0]: value}, view.entity, view.entity_types)
    assert key is not None
    return key


def ask(reader: OnlineReader | None, at: Any = None, **columns: list) -> tuple[dict[str, list], list]:
    rows = len(next(iter(columns.values())))
    arrays = {name: np.array(values, dtype=object) for name, values in columns.items()}
    found, entities = gather(Question(rows, columns=arrays, at=at), SIGNATURE, reader, 1_050)
    return {name: list(values) for name, values in found.items()}, entities


def test_features_are_looked_up_by_entity(reader: OnlineReader) -> None:
    found, entities = ask(reader, origin=["EWR", "LGA"], carrier=["UA", None], distance=[100.0, 200.0])
    assert found["weather__temp"] == [21.5, None]
    assert found["weather__sky"] == ["clear", None]
    assert found["carrier__late"] == [0.25, None]
    assert found["distance"] == [100.0, 200.0]
    assert "weather__unused" not in found
    assert entities == ["EWR", "UA", "LGA", None]


def test_each_row_is_looked_up_as_of_its_own_moment(reader: OnlineReader) -> None:
    moments = [1_100, 1_101, 2_000]
    found, _ = ask(reader, at=moments, origin=["EWR", "EWR", "JFK"], carrier=["UA"] * 3, distance=[1.0] * 3)
    assert found["weather__temp"] == [21.5, None, 18.0]


def test_a_column_the_request_brings_is_taken_as_it_is(reader: OnlineReader) -> None:
    found, entities = ask(reader, weather__temp=[0.0], weather__sky=["rain"], carrier__late=[0.9], distance=[1.0])
    assert found["weather__temp"] == [0.0]
    assert entities == [None, None]
    found, _ = ask(reader, weather__temp=[0.0], origin=["EWR"], carrier=["UA"], distance=[1.0])
    assert found["weather__temp"] == [0.0]
    assert found["weather__sky"] == ["clear"]


def test_a_missing_entity_and_an_unknown_column_are_named(reader: OnlineReader) -> None:
    with pytest.raises(InvalidInput) as caught:
        ask(reader, carrier=["UA"], distance=[1.0])
    assert caught.value.field == "origin"
    with pytest.raises(InvalidInput, match="Did you mean 'distance'"):
        ask(reader, origin=["EWR"], carrier=["UA"], distanse=[1.0])
    with pytest.raises(InvalidInput) as caught:
        ask(None, colour=["red"])
    assert caught.value.field == "colour"


def test_an_entity_of_the_wrong_type_is_named(reader: OnlineReader) -> None:
    with pytest.raises(InvalidInput) as caught:
        ask(reader, origin=[5], carrier=["UA"], distance=[1.0])
    assert caught.value.field == "origin"


def test_a_lenient_question_may_bring_columns_nobody_reads() -> None:
    question = Question(1, columns={"colour": ["red"], "distance": [1.0]}, strict=False)
    assert gather(question, SIGNATURE, None, 0)[0]["distance"] == [1.0]
