"""Data frames and Parquet files: what already has types."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from treadle.datasets import Column, Datasets, Source, frame, parquet
from treadle.errors import DeclarationError, InvalidInput


def ingest(datasets: Datasets, rows: Any, **options: Any) -> dict[str, Any]:
    version = datasets.ingest(Source("s", frame(rows, **options), id="id"), root=Path()).version
    return {column.name: (column.type, datasets.read(version)[column.name].to_pylist()) for column in version.columns}


def test_pandas_columns_of_every_kind(plain: Datasets) -> None:
    rows = pd.DataFrame(
        {
            "id": np.array([1, 2, 3], dtype="int16"),
            "text": ["a", None, ""],
            "category": pd.Categorical(["x", "y", None]),
            "level": pd.Categorical([3, 1, 3]),
            "maybe": [True, None, False],
            "nullable": pd.array([True, None, False], dtype="boolean"),
            "count": pd.array([1, None, 3], dtype="Int64"),
            "real": [1.5, np.nan, np.inf],
            "half": np.array([1, 2, 3], dtype="float32"),
            "aware": pd.to_datetime(["2013-07-01 12:00", "2013-01-01", None], format="ISO8601").tz_localize(
                "America/New_York"
            ),
            "naive": pd.to_datetime(["2013-07-01 12:00:00.123456789", None, "2013-01-01"], format="ISO8601"),
            "day": [date(2013, 1, 1), None, date(2014, 1, 1)],
            "money": [Decimal("1.25"), Decimal("2"), None],
            "nothing": [None, None, None],
        },
        index=[7, 8, 9],
    )
    assert ingest(plain, rows, timezone="Europe/Rome") == {
        "id": ("integer", [1, 2, 3]),
        "text": ("text", ["a", None, ""]),
        "category": ("text", ["x", "y", None]),
        "level": ("integer", [3, 1, 3]),
        "maybe": ("boolean", [True, None, False]),
        "nullable": ("boolean", [True, None, False]),
        "count": ("integer", [1, None, 3]),
        "real": ("real", [1.5, None, np.inf]),
        "half": ("real", [1.0, 2.0, 3.0]),
        "aware": ("timestamp", [datetime(2013, 7, 1, 16, tzinfo=UTC), datetime(2013, 1, 1, 5, tzinfo=UTC), None]),
        "naive": (
            "timestamp",
            [datetime(2013, 7, 1, 10, 0, 0, 123456, tzinfo=UTC), None, datetime(2012, 12, 31, 23, tzinfo=UTC)],
        ),
        "day": ("date", [date(2013, 1, 1), None, date(2014, 1, 1)]),
        "money": ("real", [1.25, 2.0, None]),
        "nothing": ("text", [None, None, None]),
    }


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (pd.DataFrame({"id": [1, 2], "x": [1, "a"]}), ["'x'", "mixes"]),
        (pd.DataFrame({"id": [1], "x": [[1, 2]]}), ["'x'", "list"]),
        (pd.DataFrame({"id": [1], "x": [{"a": 1}]}), ["'x'", "struct"]),
        (pd.DataFrame({"id": [1], "x": [b"raw"]}), ["'x'", "binary"]),
        (pd.DataFrame({"id": [1], "x": pd.to_timedelta(["1h"])}), ["'x'", "duration"]),
        (pd.DataFrame({"id": [1], 3: [1]}), ["3", "no text"]),
        (pd.DataFrame([[1, 2]], columns=["id", "ID"]), ["'ID' twice"]),
        (pd.DataFrame([[1, 2]], columns=["id", "id"]), ["'id' twice"]),
        (pd.DataFrame([[1, 2]], columns=["id", " "]), ["without a name"]),
        (pa.table({"id": pa.array([2**64 - 1], pa.uint64())}), ["'id'", "18446744073709551615", "integer"]),
    ],
)
def test_a_frame_a_dataset_cannot_hold_names_the_column(plain: Datasets, rows: Any, words: list[str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        ingest(plain, rows)
    for word in words:
        assert word in str(caught.value)
    assert plain.names() == []


def test_an_event_time_in_text_is_read_and_in_words_refused(plain: Datasets) -> None:
    def source(values: list[str]) -> Source:
        return Source("s", frame(pd.DataFrame({"id": [1, 2], "t": values})), id="id", time="t")

    version = plain.ingest(source(["2013-01-01T10:00:00Z", "2013-01-02"]), root=Path()).version
    assert version.type_of("t") == "timestamp"
    with pytest.raises(InvalidInput, match=r"'t' of s: 'soon' is no timestamp"):
        plain.ingest(source(["2013-01-01", "soon"]), root=Path())


def test_a_frame_without_the_id_names_the_declaration(plain: Datasets) -> None:
    source = Source("s", frame(pd.DataFrame({"a": [1]})), id="id")
    with pytest.raises(DeclarationError) as caught:
        plain.ingest(source, root=Path())
    assert caught.value.where == source.declared_at


def test_parquet_types_meet_in_the_wider(plain: Datasets, tmp_path: Path) -> None:
    stamp = pa.array([datetime(2013, 7, 1, 12)], pa.timestamp("ns"))
    pq.write_table(pa.table({"id": pa.array([1], pa.int8()), "x": [1], "t": stamp}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"x": [0.5], "id": [2], "t": pa.array([date(2013, 7, 2)])}), tmp_path / "b.parquet")
    source = Source("s", parquet("*.parquet", timezone="America/New_York"), id="id")
    version = plain.ingest(source, root=tmp_path).version
    assert version.columns == (Column("id", "integer"), Column("x", "real"), Column("t", "timestamp"))
    assert plain.read(version).to_pydict() == {
        "id": [1, 2],
        "x": [1.0, 0.5],
        "t": [datetime(2013, 7, 1, 16, tzinfo=UTC), datetime(2013, 7, 2, 4, tzinfo=UTC)],
    }


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_cut, ["b.parquet", "not a whole Parquet file"]),
        (lambda path: path.write_bytes(b""), ["b.parquet", "not a whole Parquet file"]),
        (lambda path: pq.write_table(pa.table({"id": [2], "y": [1]}), path), ["b.parquet has no column 'x'"]),
        (lambda path: pq.write_table(pa.table({"id": [2], "x": ["a"]}), path), ["'x'", "text values in b.parquet"]),
        (lambda path: pq.write_table(pa.table({"id": [2], "x": [[1]]}), path), ["'x' of b.parquet", "cannot hold"]),
    ],
)
def test_a_parquet_file_that_does_not_fit_is_named(
    plain: Datasets, tmp_path: Path, spoil: Callable[[Path], object], words: list[str]
) -> None:
    for name in ("a.parquet", "b.parquet"):
        pq.write_table(pa.table({"id": [1], "x": [1]}), tmp_path / name)
    spoil(tmp_path / "b.parquet")
    with pytest.raises(InvalidInput) as caught:
        plain.ingest(Source("s", parquet("*.parquet"), id="id"), root=tmp_path)
    for word in words:
        assert word in str(caught.value)
