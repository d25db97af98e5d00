"""Anomalies: each kind, what it says, and what it does."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from treadle.statistics import Statistics
from treadle.validation import Anomaly, ColumnSchema, Facts, Schema, infer_schema, validate

Seen = Callable[..., Statistics]

SCHEMA = Schema(
    "flights",
    (
        ColumnSchema("id", "integer", nulls=0.0, reactions={"nulls": "block"}),
        ColumnSchema("origin", "text", nulls=0.0, domain=("EWR", "JFK", "LGA")),
        ColumnSchema("distance", "real", nulls=0.1, min=0, max=6000),
        ColumnSchema("note", "text", required=False),
    ),
    key=("id",),
)
GOOD: dict[str, Any] = {
    "id": list(range(20)),
    "origin": ["EWR", "JFK"] * 10,
    "distance": [float(i) for i in range(20)],
    "note": ["x"] * 20,
}

CASES = [
    # what, columns that differ (None: gone), kind, column, reaction, words of the message or mend
    ("lost", {"distance": None}, "missing_column", "distance", "block", ["'distance' (real) is missing", "required = false"]),
    ("renamed", {"origin": None, "orign": ["EWR"] * 20}, "missing_column", "origin", "block", ["Did you mean 'orign'?"]),
    ("new", {"extra": [1] * 20}, "new_column", "extra", "warn", ["'extra' (integer) is new", "Add it to the schema"]),
    ("retyped", {"distance": ["far"] * 20}, "retyped_column", "distance", "block",
     ["should be real, but is text, for example 'far'", 'type = "text"']),
    ("missing values", {"distance": [None] * 5 + [1.0] * 15}, "nulls", "distance", "warn",
     ["5 of 20 rows (25.00%)", "at most 10.00%", "raise nulls"]),
    ("missing key", {"id": [None, *range(19)]}, "nulls", "id", "block", ["1 of 20 rows (5.00%)", "at most 0.00%"]),
    ("new value", {"origin": ["JKF"] + ["JFK"] * 19}, "domain", "origin", "warn",
     ["'JKF' (1×)", "Did you mean 'JFK'?", "add them to domain"]),
    ("too low", {"distance": [-3.0] + [1.0] * 19}, "range", "distance", "warn", ["below", "-3, when min is 0", "change min"]),
    ("too high", {"distance": [9999.0] + [1.0] * 19}, "range", "distance", "warn", ["above", "9999, when max is 6000"]),
    ("not finite", {"distance": [math.nan, math.inf] + [1.0] * 18}, "non_finite", "distance", "warn", ["2 values", "NaN"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "kind", "column", "reaction", "words"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_each_anomaly_says_what_was_expected_what_is_there_and_the_mend(
    seen: Seen, change: dict, kind: str, column: str, reaction: str, words: list[str]
) -> None:
    columns = {name: values for name, values in {**GOOD, **change}.items() if values is not None}
    found = validate(seen(**columns), SCHEMA)
    (anomaly,) = [one for one in found if one.kind == kind]
    assert (anomaly.column, anomaly.reaction) == (column, reaction)
    for word in words:
        assert word in str(anomaly)
    assert len(found) == (2 if kind == "missing_column" and "orign" in change else 1)


def test_what_is_expected_is_no_anomaly(seen: Seen) -> None:
    assert validate(seen(**GOOD), SCHEMA) == ()
    assert validate(seen(**{n: v for n, v in GOOD.items() if n != "note"}), SCHEMA) == (), "it is not required"
    assert validate(seen(**{**GOOD, "distance": [1] * 20}), SCHEMA) == (), "whole numbers may stand for reals"
    empty = pa.array([None] * 20, pa.string())
    assert validate(seen(**{**GOOD, "note": empty}), SCHEMA) == ()


def test_a_column_without_any_value_has_no_wrong_type(seen: Seen) -> None:
    found = validate(seen(**{**GOOD, "distance": pa.array([None] * 20, pa.string())}), SCHEMA)
    assert [anomaly.kind for anomaly in found] == ["nulls"]


def test_reactions_are_those_of_the_column_then_of_the_schema(seen: Seen) -> None:
    columns = {**GOOD, "origin": ["XXX"] * 20, "distance": [-1.0] * 20}
    strict = Schema(
        "s",
        (
            SCHEMA.columns[0],
            ColumnSchema("origin", "text", domain=("EWR",), reactions={"domain": "ignore"}),
            SCHEMA.columns[2],
        ),
        reactions={"domain": "block", "range": "block", "new_column": "ignore"},
    )
    found = validate(seen(**columns), strict)
    assert [(anomaly.kind, anomaly.reaction) for anomaly in found] == [("range", "block")]


def test_what_blocks_comes_first(seen: Seen) -> None:
    found = validate(seen(**{**GOOD, "extra": [1] * 20, "id": [None] * 20, "distance": [-1.0] * 20}), SCHEMA)
    assert [anomaly.blocks for anomaly in found] == sorted((a.blocks for a in found), reverse=True)
    assert found[0].blocks
    assert not found[-1].blocks


def test_values_that_outgrow_a_domain_are_found_even_when_they_are_not_listed(seen: Seen) -> None:
    names = [f"v{i}" for i in range(400)] * 3
    schema = Schema("s", (ColumnSchema("x", "text", domain=tuple(f"v{i}" for i in range(50))),))
    (anomaly,) = validate(seen(x=names), schema)
    assert anomaly.kind == "domain"
    unique = [f"name-{i}" for i in range(3_000)]
    (anomaly,) = validate(seen(x=unique), schema)
    assert "different ones" in anomaly.message


def test_drift_is_measured_against_the_version_before(seen: Seen) -> None:
    before = seen(x=[float(i % 10) for i in range(2_000)], c=["a", "b"] * 1_000)
    after = seen(x=[float(i % 10) + 8 for i in range(2_000)], c=["a", "a", "a", "b"] * 500)
    schema = infer_schema(before, name="s")
    assert validate(before, schema, previous=before) == ()
    found = {anomaly.column: anomaly for anomaly in validate(after, schema, previous=before) if anomaly.kind == "drift"}
    assert found["x"].reaction == "warn"
    assert found["x"].value is not None
    assert found["x"].value > 0.5
    assert "median was 4 and is 12" in found["x"].message or "median was 5" in found["x"].message
    assert "'a' was 50.0% of the rows and is 75.0%" in found.get("c", found["x"]).message or "c" not in found
    lax = Schema("s", tuple(ColumnSchema(c.name, c.type, drift=1.0) for c in schema.columns))
    assert validate(after, lax, previous=before) == ()


def test_facts_of_rows(seen: Seen) -> None:
    facts = Facts(2, ("17 (3×)",), {"at": 4, "landed": 0}, {"at": ("9, 2031-01-01",)})
    schema = Schema("s", SCHEMA.columns, key=("id",), time="at", created="landed")
    found = validate(seen(**GOOD), schema, facts=facts)
    assert [(a.kind, a.reaction, a.value) for a in found] == [("duplicates", "block", 2.0), ("future", "warn", 4.0)]
    assert "2 of 20 rows repeat a (id, landed)" in found[0].message
    assert "'17 (3×)'" in found[0].message
    assert "'at' lies in the future in 4 of 20 rows, for example '9, 2031-01-01'" in found[1].message
    assert "timezone=…" in found[1].mend


def test_an_anomaly_becomes_plain_values() -> None:
    anomaly = Anomaly("range", "x", "Message.", "Mend.", "warn", 3.0, 2.0, (3.0,))
    assert anomaly.to_plain() == {
        "kind": "range",
        "column": "x",
        "message": "Message.",
        "mend": "Mend.",
        "reaction": "warn",
        "value": 3.0,
        "threshold": 2.0,
        "examples": ["3.0"],
    }
    assert str(anomaly) == "Message. Mend."
