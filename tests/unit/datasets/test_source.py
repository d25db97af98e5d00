"""Sources: what their columns mean in time, and mistakes in their declaration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from treadle.datasets import Source, csv, frame, parquet
from treadle.errors import DeclarationError

COLUMNS = ("id", "at", "landed_at", "dest", "late", "delay")


def test_without_created_every_column_is_known() -> None:
    source = Source("s", csv("x.csv"), id="id", time="at")
    assert source.known_columns(COLUMNS) == COLUMNS
    assert source.outcome_columns(COLUMNS) == ()


def test_with_created_a_column_left_open_is_an_outcome() -> None:
    source = Source("s", csv("x.csv"), id="id", time="at", created="landed_at", known=["dest"])
    assert source.known_columns(COLUMNS) == ("id", "at", "dest")
    assert source.outcome_columns(COLUMNS) == ("landed_at", "late", "delay")


def test_with_created_and_nothing_known_all_but_the_key_is_an_outcome() -> None:
    source = Source("s", csv("x.csv"), id=("id", "dest"), time="at", created="landed_at")
    assert source.known_columns(COLUMNS) == ("id", "at", "dest")
    assert source.key == ("id", "dest")


@pytest.mark.parametrize(
    ("declare", "field", "words"),
    [
        (lambda: Source("1x", csv("a"), id="id"), "name", "'1x'"),
        (lambda: Source("", csv("a"), id="id"), "name", "name of a source"),
        (lambda: Source("s", "data.csv", id="id"), "reader", "csv(path)"),  # type: ignore[arg-type]
        (lambda: Source("s", csv("a"), id=""), "id", "no id"),
        (lambda: Source("s", csv("a"), id=()), "id", "no id"),
        (lambda: Source("s", csv("a"), id=("a", "a")), "id", "twice"),
        (lambda: Source("s", csv("a"), id=3), "id", "column names"),  # type: ignore[arg-type]
        (lambda: Source("s", csv("a"), id="id", created="c"), "time", "no time"),
        (lambda: Source("s", csv("a"), id="id", time="t", known=["x"]), "created", "created=…"),
        (lambda: Source("s", csv("a"), id="id", time="t", created="c", known="x"), "known", "known=['x']"),
        (lambda: csv("a", delimiter=";;"), "delimiter", "';;'"),
        (lambda: csv("a", nulls="NA"), "nulls", "nulls=['NA']"),
        (lambda: csv("a", types={"x": "integr"}), "types.x", "'integer'"),  # type: ignore[dict-item]
        (lambda: csv("a", timezone="Mars/Base"), "timezone", "Mars/Base"),
        (lambda: csv([]), "path", "at least one path"),
        (lambda: parquet(" "), "path", "at least one path"),
        (lambda: frame([1, 2]), "rows", "list"),  # type: ignore[arg-type]
    ],
)
def test_a_mistake_names_the_line_and_the_mend(declare: Callable[[], object], field: str, words: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        declare()
    assert caught.value.field == field
    assert words in str(caught.value)
    assert caught.value.where.rpartition(":")[0] == __file__
    line = int(caught.value.where.rpartition(":")[2])
    assert "lambda" in Path(__file__).read_text().splitlines()[line - 1]


def test_a_source_knows_where_it_was_declared() -> None:
    source = Source("s", frame(pd.DataFrame({"a": [1]})), id="a")
    assert source.declared_at.startswith(__file__ + ":")
    assert source == Source("s", source.reader, id="a"), "where it stands is not what it says"


def test_a_column_the_data_lacks_is_offered_the_nearest() -> None:
    source = Source("s", csv("x.csv"), id="flight_id", time="sheduled_at")
    with pytest.raises(DeclarationError, match=r"'sheduled_at' as time.*Did you mean 'scheduled_at'") as caught:
        source.check_columns(["flight_id", "scheduled_at"])
    assert caught.value.where == source.declared_at


def test_declarations_can_be_keys() -> None:
    source = Source("s", csv("x.csv", types={"a": "text"}), id=["id"])
    assert {source: 1}[Source("s", csv("x.csv", types={"a": "text"}), id=["id"])] == 1


@pytest.mark.parametrize(
    "change", [{"delimiter": ";"}, {"nulls": ["-"]}, {"types": {"a": "text"}}, {"timezone": "Europe/Rome"}]
)
def test_reading_otherwise_changes_the_digest(change: dict) -> None:
    assert csv("a.csv", **change).digest != csv("a.csv").digest
    assert csv("b.csv", **change).digest == csv("a.csv", **change).digest, "the path is not how bytes are read"
