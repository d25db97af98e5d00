"""Inferred schemas: right for the rows they come from, and wide enough for rows like them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.datasets import Engine
from treadle.errors import InvalidInput
from treadle.statistics import Statistics, profile
from treadle.validation import infer_schema, validate
from treadle.validation.infer import outward

Seen = Callable[..., Statistics]


def test_what_a_profile_suggests(seen: Seen) -> None:
    statistics = seen(
        id=list(range(100)),
        at=[datetime(2013, 1, 1, tzinfo=UTC)] * 100,
        origin=["EWR", "JFK", "LGA", "JFK"] * 25,
        tail=[f"N{i}" for i in range(100)],
        late=[True, False] * 50,
        delay=[None] * 3 + [float(i - 10) for i in range(97)],
        distance=[80 + 50 * i for i in range(100)],
    )
    schema = infer_schema(statistics, name="flights", key=["id"], time="at")
    assert (schema.key, schema.time, schema.created) == (("id",), "at", None)
    assert schema.column("origin").domain == ("EWR", "JFK", "LGA")
    assert schema.column("tail").domain is None
    assert schema.column("delay").nulls == 0.07
    assert (schema.column("delay").min, schema.column("delay").max) == (-58, 140)
    assert (schema.column("distance").min, schema.column("distance").max) == (0, 7600)
    assert schema.reaction("nulls", "id") == schema.reaction("nulls", "at") == "block"
    assert schema.reaction("nulls", "delay") == "warn"


@given(st.integers(0, 2**31), st.integers(0, 60))
def test_a_schema_holds_for_the_rows_it_was_inferred_from(seed: int, rows: int) -> None:
    engine = _engine()
    rng = np.random.default_rng(seed)
    table = pa.table(
        {
            "id": list(range(rows)),
            "real": pa.array(rng.normal(0, 10.0 ** rng.integers(-6, 7), rows), mask=rng.random(rows) < 0.3),
            "whole": rng.integers(-5, 5, rows),
            "text": pa.array(rng.choice(["a", "b", "c"], rows).tolist(), pa.string()),
        }
    )
    statistics = profile(engine, table)
    schema = infer_schema(statistics, name="s", key=["id"])
    assert validate(statistics, schema, previous=statistics) == ()


_made: list[Engine] = []


def _engine() -> Engine:
    import tempfile
    from pathlib import Path

    if not _made:
        _made.append(Engine(memory_limit="500MB", threads=1, temp=Path(tempfile.mkdtemp())))
    return _made[0]


def test_rows_like_those_before_fit(engine: Engine) -> None:
    rng = np.random.default_rng(4)

    def rows(n: int) -> pa.Table:
        return pa.table(
            {
                "x": pa.array(rng.normal(0, 1, n), mask=rng.random(n) < 0.05),
                "c": rng.choice(["a", "b"], n, p=[0.9, 0.1]),
                "n": rng.poisson(3, n),
            }
        )

    first = profile(engine, rows(5_000))
    schema = infer_schema(first, name="s")
    for _ in range(5):
        assert validate(profile(engine, rows(5_000), like=first), schema, previous=first) == ()


@pytest.mark.parametrize(
    ("value", "up", "expected"),
    [
        (7474.5, True, 7500.0),
        (7474.5, False, 7400.0),
        (-0.0317, False, -0.032),
        (-0.0317, True, -0.031),
        (0.0, True, 0.0),
        (10.0, True, 10.0),
        (1.0000001, True, 1.1),
        (99.5, True, 100.0),
    ],
)
def test_limits_are_numbers_a_person_would_write(value: float, up: bool, expected: float) -> None:
    assert outward(value, up=up) == expected


@given(st.floats(-1e12, 1e12), st.booleans())
def test_limits_never_cut_off(value: float, up: bool) -> None:
    rounded = outward(value, up=up)
    assert rounded >= value - abs(value) * 1e-9 if up else rounded <= value + abs(value) * 1e-9


def test_a_key_that_is_not_there_is_offered_the_nearest(seen: Seen) -> None:
    with pytest.raises(InvalidInput, match="Did you mean 'flight_id'"):
        infer_schema(seen(flight_id=[1]), name="s", key=["flihgt_id"])
