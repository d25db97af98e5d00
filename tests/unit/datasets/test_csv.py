"""CSV files: types of the whole glob, and every way a file can be wrong."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from treadle.datasets import Datasets, Source, csv
from treadle.errors import DeclarationError, InvalidInput, TreadleError

Write = Callable[[str, str | bytes], Path]


def read(
    datasets: Datasets, root: Path, pattern: str = "*.csv", time: str | None = None, **options: Any
) -> dict[str, list]:
    version = datasets.ingest(Source("s", csv(pattern, **options), id="id", time=time), root=root).version
    return datasets.read(version).to_pydict()


def kinds(datasets: Datasets, root: Path, **options: Any) -> dict[str, str]:
    version = datasets.ingest(Source("s", csv("*.csv", **options), id="id"), root=root).version
    return {column.name: column.type for column in version.columns}


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-2", "0"], "integer"),
        (["1", "2.5"], "real"),
        (["1e3", "-.5", "nan", "inf"], "real"),
        (["true", "FALSE"], "boolean"),
        (["2013-01-01", "2013-12-31"], "date"),
        (["2013-01-01", "2013-01-01 10:00"], "timestamp"),
        (["2013-01-01T10:00:00Z", "2013-01-01T10:00:00.123456+02:00"], "timestamp"),
        (["007", "123"], "text"),
        (["12345678901234567890", "1"], "text"),
        (["9223372036854775807"], "integer"),
        (["1", "true"], "text"),
        (["1", "2013-01-01"], "text"),
        (["1,5"], "text"),
        (["infinity and beyond"], "text"),
        (["2013-13-45"], "text"),
        (["1_000"], "text"),
        (["1_0.5"], "text"),
        (["00.5"], "text"),
        (["-007.5"], "text"),
        (["0.5", "-0.5", "+0.5", "10.05"], "real"),
        (["1.5.2"], "text"),
        (["10.0.0.1"], "text"),
        (["0", "1"], "integer"),
        (["epoch"], "text"),
        ([" 7", "8 "], "integer"),
        (["", "NA"], "text"),
        (["", "5"], "integer"),
    ],
)
def test_a_column_has_the_narrowest_type_of_all_its_values(
    plain: Datasets, write: Write, tmp_path: Path, values: list[str], kind: str
) -> None:
    write("a.csv", "id,x\n" + "".join(f'{i},"{value}"\n' for i, value in enumerate(values)))
    assert kinds(plain, tmp_path)["x"] == kind


def test_one_type_for_the_whole_glob(plain: Datasets, write: Write, tmp_path: Path) -> None:
    rows = "".join(f"{i},{i},{i}\n" for i in range(10_000))
    write("a.csv", "id,x,y\n" + rows)
    write("b.csv", "id,x,y\n10001,0.5,007\n")  # far beyond any sample
    found = read(plain, tmp_path)
    assert found["x"][:2] == [0.0, 1.0]
    assert found["x"][-1] == 0.5
    assert found["y"][:2] == ["0", "1"]
    assert found["y"][-1] == "007"


def test_missing_values_and_quotes(plain: Datasets, write: Write, tmp_path: Path) -> None:
    write("a.csv", 'id,x,y\r\n1,"a, ""b""\nc",NA\r\n2,,3\r\n\r\n')
    assert read(plain, tmp_path) == {"id": [1, 2], "x": ['a, "b"\nc', None], "y": [None, 3]}


def test_own_nulls_replace_the_usual_ones(plain: Datasets, write: Write, tmp_path: Path) -> None:
    write("a.csv", "id,x\n1,NA\n2,-\n")
    assert read(plain, tmp_path, nulls=["-"])["x"] == ["NA", None]


def test_naive_times_are_of_the_declared_zone(plain: Datasets, write: Write, tmp_path: Path) -> None:
    write(
        "a.csv",
        "id,t\n1,2013-07-01 12:00\n2,2013-01-01 12:00:00\n3,2013-07-01T12:00:00Z\n4,2013-07-01 12:00+02\n5,2013-07-01\n",
    )
    found = read(plain, tmp_path, time="t", timezone="America/New_York")["t"]
    assert found == [
        datetime(2013, 7, 1, 16, tzinfo=UTC),
        datetime(2013, 1, 1, 17, tzinfo=UTC),
        datetime(2013, 7, 1, 12, tzinfo=UTC),
        datetime(2013, 7, 1, 10, tzinfo=UTC),
        datetime(2013, 7, 1, 4, tzinfo=UTC),
    ]


def test_columns_in_another_order_are_the_same_columns(plain: Datasets, write: Write, tmp_path: Path) -> None:
    write("a.csv", "id,x,y\n1,10,100\n")
    write("b.csv", "y,id,x\n200,2,20\n")
    write("c.csv", "id,x,y\n3,30,300\n")
    assert read(plain, tmp_path) == {"id": [1, 2, 3], "x": [10, 20, 30], "y": [100, 200, 300]}


def test_gzip_and_byte_order_mark(plain: Datasets, write: Write, tmp_path: Path) -> None:
    write("a.csv.gz", gzip.compress(b"id,x\n1,2\n"))
    write("b.csv", b"\xef\xbb\xbfid,x\n2,3\n")
    assert read(plain, tmp_path, pattern="*.csv*") == {"id": [1, 2], "x": [2, 3]}


def test_declared_types_take_every_way_of_writing(plain: Datasets, write: Write, tmp_path: Path) -> None:
    write("a.csv", "id,n,b,t,r\n1,007,yes,42,1\n2,5.0,0,x,2\n")
    types: dict[str, Any] = {"n": "integer", "b": "boolean", "t": "text", "r": "real"}
    found = read(plain, tmp_path, types=types)
    assert found == {"id": [1, 2], "n": [7, 5], "b": [True, False], "t": ["42", "x"], "r": [1.0, 2.0]}


def test_a_file_with_a_header_alone_adds_nothing(plain: Datasets, write: Write, tmp_path: Path) -> None:
    write("a.csv", "id,x\n1,2\n")
    write("b.csv", "id,x\n")
    assert read(plain, tmp_path) == {"id": [1], "x": [2]}


WRONG = [
    # what, files, options, words that must be in the message
    ("empty file", {"a.csv": ""}, {}, ["a.csv", "is empty"]),
    ("blank file", {"a.csv": "\n\n"}, {}, ["a.csv", "is empty"]),
    ("header alone", {"a.csv": "id,x\n"}, {}, ["a.csv", "no rows"]),
    ("other delimiter", {"a.csv": "id;x\n1;2\n"}, {}, ["a.csv", "delimiter=';'"]),
    ("tab instead", {"a.csv": "id\tx\n1\t2\n"}, {}, ["a.csv", r"delimiter='\t'"]),
    ("torn last row", {"a.csv": "id,x,y\n1,2,3\n4,5"}, {}, ["a.csv line 3", "2 fields, not 3", "torn"]),
    ("too many fields", {"a.csv": "id,x\n1,2\n3,4,5\n"}, {}, ["a.csv line 3", "3 fields, not 2"]),
    ("open quote", {"a.csv": 'id,x\n1,"2\n3,4\n'}, {}, ["a.csv", "quote"]),
    ("latin-1", {"a.csv": "id,x\n1,ok\n2,caf\xe9\n".encode("latin-1")}, {}, ["a.csv line 3", "UTF-8", "0xe9"]),
    ("latin-1 header", {"a.csv": "id,\xe9\n1,2\n".encode("latin-1")}, {}, ["a.csv line 1", "UTF-8"]),
    ("UTF-16", {"a.csv": "id,x\n1,2\n".encode("utf-16")}, {}, ["a.csv", "UTF-16"]),
    ("Parquet as CSV", {"a.csv": b"PAR1\x00\x01"}, {}, ["a.csv", "parquet("]),
    ("column twice", {"a.csv": "id,x,x\n1,2,3\n"}, {}, ["a.csv", "'x' twice"]),
    ("column twice by case", {"a.csv": "id,x,X\n1,2,3\n"}, {}, ["a.csv", "'X'", "'x'", "upper and lower"]),
    ("unnamed column", {"a.csv": "id,,y\n1,2,3\n"}, {}, ["a.csv", "column 2 of 3 has no name"]),
    ("renamed column", {"a.csv": "id,origin\n1,2\n", "b.csv": "id,orign\n1,2\n"}, {},
     ["b.csv", "'origin'", "Did you mean 'orign'?"]),
    ("one column more", {"a.csv": "id,x\n1,2\n", "b.csv": "id,x,y\n1,2,3\n"}, {}, ["b.csv", "'y'", "a.csv lacks"]),
    ("text in a number column", {"a.csv": "id,x\n1,2\n", "b.csv": "id,x\n3,4\n5,many\n"}, {"types": {"x": "integer"}},
     ["b.csv line 3", "'x'", "'many'", "integer"]),
    ("half a number", {"a.csv": "id,x\n1,2.5\n"}, {"types": {"x": "integer"}}, ["a.csv line 2", "'2.5'"]),
    ("type of no column", {"a.csv": "id,x\n1,2\n"}, {"types": {"y": "integer"}}, ["'y'", "a.csv"]),
    ("no such time", {"a.csv": "id,t\n1,2013-01-01\n2,2013-02-31\n"}, {"time": "t"},
     ["a.csv line 3", "'t'", "'2013-02-31'", "timestamp"]),
    ("time in words", {"a.csv": "id,t\n1,yesterday\n"}, {"time": "t"}, ["a.csv line 2", "'yesterday'", "2013-04-01T06:00:00Z"]),
    ("a year for a time", {"a.csv": "id,t\n1,2013\n"}, {"time": "t"}, ["a.csv line 2", "'2013'"]),
    ("not gzip", {"a.csv.gz": b"id,x\n1,2\n"}, {"pattern": "a.csv.gz"}, ["a.csv.gz", "unpacked"]),
    ("quoted line break before the fault", {"a.csv": 'id,x\n1,"a\nb"\n2,3\n4,z,5\n'}, {}, ["a.csv line 5"]),
]  # fmt: skip


@pytest.mark.parametrize(("files", "options", "words"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_what_is_wrong_is_named(
    plain: Datasets, write: Write, tmp_path: Path, files: dict[str, Any], options: dict[str, Any], words: list[str]
) -> None:
    for name, text in files.items():
        write(name, text)
    with pytest.raises(InvalidInput) as caught:
        read(plain, tmp_path, **options)
    for word in words:
        assert word in str(caught.value), str(caught.value)
    assert "Error" not in str(caught.value)
    assert plain.names() == [], "nothing was kept"
    assert list((tmp_path / "tables").rglob("*.parquet")) == [], "no file is left behind"


def test_a_declared_column_that_is_not_there_names_the_declaration(
    plain: Datasets, write: Write, tmp_path: Path
) -> None:
    write("a.csv", "flight,x\n1,2\n")
    source = Source("s", csv("a.csv"), id="flihgt")
    with pytest.raises(DeclarationError, match="Did you mean 'flight'") as caught:
        plain.ingest(source, root=tmp_path)
    assert caught.value.where == source.declared_at


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("data/*.csv", ["data/*.csv", "looked in", "does not exist"]),
        ("*.csv", ["No file matches '*.csv'", "looked in"]),
        ("flihgts.txt", ["There is no file 'flihgts.txt'", "Did you mean 'flights.txt'"]),
        ("folder", ["is a folder", "folder/*.csv"]),
        ("s3://bucket/x.csv", ["address"]),
    ],
)
def test_a_path_that_means_nothing(
    plain: Datasets, write: Write, tmp_path: Path, pattern: str, words: list[str]
) -> None:
    write("flights.txt", "id\n1\n")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InvalidInput) as caught:
        read(plain, tmp_path, pattern=pattern)
    for word in words:
        assert word in str(caught.value)
    assert caught.value.field == "path"


def test_a_file_that_is_written_meanwhile_is_read_again(
    plain: Datasets, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from treadle.datasets import csv_reading

    path = write("a.csv", "id,x\n1,2\n")
    real, times = csv_reading.write_parquet, []

    def slow(*arguments: Any) -> None:
        real(*arguments)
        if not times:
            path.write_text("id,x\n1,2\n3,4\n")
        times.append(1)

    monkeypatch.setattr(csv_reading, "write_parquet", slow)
    assert read(plain, tmp_path) == {"id": [1, 3], "x": [2, 4]}
    assert len(times) == 2


def test_every_error_of_reading_is_ours(plain: Datasets, write: Write, tmp_path: Path) -> None:
    """Bytes at random never make anything but a Treadle error, or rows."""
    import random

    chance = random.Random(4)
    alphabet = [b"a", b"1", b",", b"\n", b'"', b"\r", b"\x00", b"\xff", b";", b" ", b"NA", b"2013-01-01"]
    outcomes = set()
    for number in range(60):
        write("a.csv", b"id,x\n" + b"".join(chance.choice(alphabet) for _ in range(chance.randrange(40))))
        try:
            plain.ingest(Source(f"s{number}", csv("a.csv"), id="id"), root=tmp_path)
            outcomes.add("rows")
        except TreadleError:
            outcomes.add("error")
    assert outcomes == {"rows", "error"}
