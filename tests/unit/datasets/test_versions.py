"""Versions: when there is a new one, what it holds, and how to return to it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from deltalake import DeltaTable

from treadle.datasets import Column, Datasets, Engine, Ingested, Source, csv, frame
from treadle.errors import InvalidInput, NotFound
from treadle.lineage import Ref
from treadle.testing import Ground

Write = Callable[[str, str | bytes], Path]


def ingest(datasets: Datasets, root: Path, pattern: str = "*.csv", **options: Any) -> Ingested:
    return datasets.ingest(Source("s", csv(pattern, **options), id="id"), root=root)


def test_a_first_ingestion_is_version_one(datasets: Datasets, ground: Ground, write: Write, tmp_path: Path) -> None:
    write("a.csv", "id,x\n1,a\n2,b\n")
    result = ingest(datasets, tmp_path)
    version = result.version
    assert (result.new, result.added, version.number, version.rows) == (True, 2, 1, 2)
    assert version.columns == (Column("id", "integer"), Column("x", "text"))
    assert (version.files, version.created_at) == (("a.csv",), ground.clock.now())
    assert datasets.get("s") == datasets.get("s", 1) == datasets.find("s@1") == datasets.find("s") == version
    assert datasets.read(version).to_pydict() == {"id": [1, 2], "x": ["a", "b"]}
    assert datasets.read(version, ["x"]).column_names == ["x"]
    assert datasets.names() == ["s"]
    upstream = ground.lineage.upstream(version.ref)
    assert Ref("source", "s") in upstream.nodes


def test_equal_rows_make_no_new_version(plain: Datasets, write: Write, tmp_path: Path) -> None:
    write("a.csv", "id,x,y\n1,a,0.5\n2,,7\n")
    first = ingest(plain, tmp_path).version
    again = [
        "id,x,y\n1,a,0.5\n2,,7\n",  # the same bytes
        'id,x,y\r\n"1","a",5e-1\r\n2,NA,7.0\r\n',  # written otherwise
        "y,x,id\n7,,2\n.50,a,1\n",  # rows and columns in another order
    ]
    for text in again:
        write("a.csv", text)
        result = ingest(plain, tmp_path)
        assert (result.new, result.added, result.version) == (False, 0, first), text
    write("a.csv", again[0])
    write("a.csv", again[0].replace("a", "b"))
    assert ingest(plain, tmp_path).version.number == 2
    assert len(list((tmp_path / "tables").rglob("*.parquet"))) == 2, "what was read for nothing is gone"


def test_new_files_beside_unchanged_ones_are_appended(plain: Datasets, write: Write, tmp_path: Path) -> None:
    write("1.csv", "id,x\n1,0.5\n")
    ingest(plain, tmp_path)
    (first,) = (tmp_path / "tables").rglob("*.parquet")
    write("2.csv", "x,id\n2,2\n3,3\n")
    result = ingest(plain, tmp_path)
    assert (result.new, result.added, result.version.rows) == (True, 2, 3)
    assert result.version.files == ("1.csv", "2.csv")
    assert str(first) in plain.files(result.version), "the old rows were not written again"
    assert plain.read(result.version).to_pydict() == {"id": [1, 2, 3], "x": [0.5, 2.0, 3.0]}
    assert plain.read(plain.get("s", 1)).to_pydict() == {"id": [1], "x": [0.5]}


def test_the_fingerprint_does_not_tell_how_a_version_came_about(plain: Datasets, write: Write, tmp_path: Path) -> None:
    write("1.csv", "id,x\n1,0.5\n")
    ingest(plain, tmp_path)
    write("2.csv", "id,x\n2,0.25\n")
    grown = ingest(plain, tmp_path).version
    at_once = plain.ingest(Source("other", csv("*.csv"), id="id"), root=tmp_path).version
    by_frame = plain.write("third", pa.table({"x": [0.25, 0.5], "id": [2, 1]}))
    assert grown.fingerprint == at_once.fingerprint == by_frame.fingerprint


@pytest.mark.parametrize(
    ("second", "types", "values"),
    [
        ("id,x\n2,0.5\n", "real", [1.0, 0.5]),  # wider than before
        ("id,x\n2,many\n", "text", ["1", "many"]),
        ("id,x\n2,\n", "integer", [1, None]),
    ],
)
def test_an_appended_file_of_another_type_types_everything_anew(
    plain: Datasets, write: Write, tmp_path: Path, second: str, types: str, values: list
) -> None:
    write("1.csv", "id,x\n1,1\n")
    ingest(plain, tmp_path)
    write("2.csv", second)
    version = ingest(plain, tmp_path).version
    assert version.type_of("x") == types
    assert plain.read(version)["x"].to_pylist() == values
    assert plain.read(plain.get("s", 1))["x"].to_pylist() == [1]


def test_a_column_without_values_gets_its_type_when_the_first_comes(
    plain: Datasets, write: Write, tmp_path: Path
) -> None:
    write("1.csv", "id,x\n1,\n")
    assert ingest(plain, tmp_path).version.type_of("x") == "text"
    write("2.csv", "id,x\n2,5\n")
    version = ingest(plain, tmp_path).version
    assert (version.type_of("x"), plain.read(version)["x"].to_pylist()) == ("integer", [None, 5])


def test_a_changed_or_removed_file_has_everything_read_again(plain: Datasets, write: Write, tmp_path: Path) -> None:
    for name in "123":
        write(f"{name}.csv", f"id,x\n{name},a\n")
    ingest(plain, tmp_path)
    write("2.csv", "id,x\n2,changed\n")
    assert plain.read(ingest(plain, tmp_path).version)["x"].to_pylist() == ["a", "changed", "a"]
    (tmp_path / "3.csv").unlink()
    result = ingest(plain, tmp_path)
    assert (result.version.number, result.version.rows, result.added) == (3, 2, -1)
    write("3.csv", "id,x\n3,a\n")
    (tmp_path / "1.csv").rename(tmp_path / "renamed.csv")
    assert ingest(plain, tmp_path).added == 1, "a renamed file is no change, a new one is appended"


def test_reading_otherwise_reads_again(plain: Datasets, write: Write, tmp_path: Path) -> None:
    write("a.csv", "id,x\n1,-\n2,5\n")
    assert ingest(plain, tmp_path).version.type_of("x") == "text"
    result = ingest(plain, tmp_path, nulls=["-"])
    assert (result.new, result.version.type_of("x")) == (True, "integer")
    assert not ingest(plain, tmp_path, nulls=["-"]).new


def test_a_mixed_column_set_stops_an_append(plain: Datasets, write: Write, tmp_path: Path) -> None:
    write("1.csv", "id,origin\n1,a\n")
    ingest(plain, tmp_path)
    write("2.csv", "id,orign\n2,b\n")
    with pytest.raises(InvalidInput, match=r"2\.csv has no column 'origin'.*Did you mean 'orign'"):
        ingest(plain, tmp_path)
    assert len(plain.history("s")) == 1


def test_corrections_and_repeated_rows_are_kept(plain: Datasets, write: Write, tmp_path: Path) -> None:
    write("a.csv", "id,x\n1,a\n1,a\n1,b\n")
    assert plain.read(ingest(plain, tmp_path).version)["x"].to_pylist() == ["a", "a", "b"]


def test_history_and_at(datasets: Datasets, ground: Ground) -> None:
    moments = []
    for number in range(3):
        moments.append(ground.clock.now())
        datasets.write("d", pa.table({"a": [number]}), note=f"the {number}th")
        ground.clock.advance(timedelta(hours=1))
    assert [(v.number, v.note) for v in datasets.history("d")] == [(3, "the 2th"), (2, "the 1th"), (1, "the 0th")]
    assert [datasets.at("d", moment).number for moment in moments] == [1, 2, 3]
    assert datasets.at("d", moments[1] + timedelta(minutes=59)).number == 2
    with pytest.raises(NotFound, match="no version yet at"):
        datasets.at("d", moments[0] - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda d: d.get("flihgts"), "Did you mean 'flights'"),
        (lambda d: d.history("x"), "There are: 'flights'"),
        (lambda d: d.at("x", datetime(2013, 1, 1)), "There are: 'flights'"),
        (lambda d: d.get("a" * 3000), "There are: 'flights'"),
        (lambda d: d.history("x\0"), "There are: 'flights'"),
        (lambda d: d.get("flights", 7), "Its versions are 1 to 1"),
        (lambda d: d.read(d.get("flights"), ["orign"]), "Did you mean 'origin'"),
        (lambda d: d.diff(d.get("flights"), d.get("flights"), ["orign"]), "Did you mean 'origin'"),
    ],
)
def test_what_is_not_there_offers_what_is(plain: Datasets, ask: Callable[[Datasets], object], words: str) -> None:
    plain.write("flights", pa.table({"origin": ["JFK"]}))
    with pytest.raises(NotFound, match=words):
        ask(plain)


def test_a_reference_in_words_is_refused(plain: Datasets) -> None:
    with pytest.raises(InvalidInput, match='Write "flights" or "flights@3"'):
        plain.find("flights@latest")


def test_a_dataset_needs_a_name(plain: Datasets) -> None:
    with pytest.raises(InvalidInput, match="Begin with a letter"):
        plain.write("../x", pa.table({"a": [1]}))


def test_an_empty_table_can_be_written(plain: Datasets) -> None:
    version = plain.write("d", pa.table({"a": pa.array([], pa.int64())}))
    assert (version.rows, plain.read(version).schema) == (0, pa.schema([("a", pa.int64())]))


def test_frames_make_versions_too(plain: Datasets, tmp_path: Path) -> None:
    rows = pd.DataFrame({"id": [1, 2], "x": [True, False]})
    source = Source("s", frame(rows), id="id")
    first = plain.ingest(source, root=tmp_path)
    assert plain.ingest(Source("s", frame(rows.iloc[::-1]), id="id"), root=tmp_path).version == first.version
    grown = pd.concat([rows, pd.DataFrame({"id": [3], "x": [None]})])
    assert plain.ingest(Source("s", frame(grown), id="id"), root=tmp_path).added == 1


def test_versions_survive_in_any_table_reader(plain: Datasets, write: Write, tmp_path: Path) -> None:
    write("a.csv", "id,t,d,x\n1,2013-01-01T10:00:00Z,2013-01-01,0.5\n")
    version = ingest(plain, tmp_path).version
    table = DeltaTable(tmp_path / "tables" / "test" / "s", version=version.table_version)
    rows = pa.table(table.to_pyarrow_table())
    assert rows.to_pylist() == plain.read(version).to_pylist()
    assert table.count() == 1


def test_expired_rows_are_gone_and_say_so(plain: Datasets, write: Write, tmp_path: Path) -> None:
    write("1.csv", "id,x\n1,a\n")
    ingest(plain, tmp_path)
    write("2.csv", "id,x\n2,a\n")
    ingest(plain, tmp_path)  # shares the first file
    write("1.csv", "id,x\n1,b\n")
    ingest(plain, tmp_path)
    assert [str(v) for v in plain.expire("s", keep=1)] == ["s@2", "s@1"]
    assert plain.read(plain.get("s", 2)).num_rows == 2, "a dry run removes nothing"
    plain.expire("s", keep=2, dry_run=False)
    assert plain.read(plain.get("s", 2)).num_rows == 2
    assert plain.read(plain.get("s", 1)).num_rows == 1, "its file is shared with a version that is kept"
    plain.expire("s", keep=1, dry_run=False)
    for number in (1, 2):
        with pytest.raises(NotFound, match=f"rows of s@{number} are gone.*Readable: s@3"):
            plain.read(plain.get("s", number))
    assert plain.expire("s", keep=1, dry_run=False) == ()
    assert plain.read(plain.get("s")).num_rows == 2
    with pytest.raises(InvalidInput):
        plain.expire("s", keep=0)


def test_vacuumed_rows_are_gone_and_come_back_when_ingested(plain: Datasets, write: Write, tmp_path: Path) -> None:
    write("a.csv", "id,x\n1,a\n")
    ingest(plain, tmp_path)
    write("a.csv", "id,x\n1,b\n")
    ingest(plain, tmp_path)
    table = DeltaTable(tmp_path / "tables" / "test" / "s")
    table.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
    with pytest.raises(NotFound, match=r"rows of s@1 are gone"):
        plain.read(plain.get("s", 1))
    assert plain.read(plain.get("s")).to_pydict() == {"id": [1], "x": ["b"]}


@pytest.mark.parametrize("more", [False, True])
def test_deleted_tables_come_back_when_ingested(plain: Datasets, write: Write, tmp_path: Path, more: bool) -> None:
    write("a.csv", "id,x\n1,a\n")
    ingest(plain, tmp_path)
    write("b.csv", "id,x\n2,b\n")
    ingest(plain, tmp_path)
    shutil.rmtree(tmp_path / "tables")
    if more:
        write("c.csv", "id,x\n3,c\n")
    result = ingest(plain, tmp_path)
    assert (result.new, result.version.number, result.version.rows) == (True, 3, 2 + more)
    assert sorted(plain.read(plain.get("s"))["id"].to_pylist()) == [1, 2, 3][: 2 + more]
    assert not ingest(plain, tmp_path).new
    write("d.csv", "id,x\n4,d\n")
    assert ingest(plain, tmp_path).version.number == 4
    with pytest.raises(NotFound, match=r"rows of s@2 are gone.*Readable: s@4, s@3"):
        plain.read(plain.get("s", 2))


def test_a_database_that_was_lost_is_read_from_the_tables(plain: Datasets, write: Write, tmp_path: Path) -> None:
    write("a.csv", "id,x\n1,a\n")
    ingest(plain, tmp_path)
    write("b.csv", "id,x\n2,b\n")
    ingest(plain, tmp_path)
    plain.write("other", pa.table({"a": [1]}), note="kept")
    fresh = Ground.at(tmp_path / "fresh")
    found = Datasets(
        fresh.database,
        tmp_path / "tables",
        Engine(temp=tmp_path / "t"),
        project="test",
        clock=fresh.clock,
        ids=fresh.ids,
    )
    assert found.names() == ["other", "s"]
    assert [found.history(name) for name in found.names()] == [plain.history(name) for name in plain.names()]
    assert found.read(found.get("s")).equals(plain.read(plain.get("s")))
    assert not ingest(found, tmp_path).new, "what the next ingestion needs came back too"


def test_projects_do_not_see_each_other(plain: Datasets, tmp_path: Path) -> None:
    plain.write("d", pa.table({"a": [1]}))
    ground = Ground.at(tmp_path, project="other")
    other = Datasets(
        ground.database,
        tmp_path / "tables",
        Engine(temp=tmp_path / "t"),
        project="other",
        clock=ground.clock,
        ids=ground.ids,
    )
    assert other.names() == []
    for path in ("../test/d", f"{tmp_path}/tables/test/d"):
        with pytest.raises(NotFound):
            other.history(path)
        with pytest.raises(NotFound):
            other.get(path)
    assert other.write("d", pa.table({"a": [2]})).number == 1
    assert plain.names() == ["d"]


def test_strays_of_a_crash_go_once_they_are_old(plain: Datasets, tmp_path: Path) -> None:
    import os

    plain.write("d", pa.table({"a": [1]}))
    folder = tmp_path / "tables" / "test" / "d"
    now = Ground.at(tmp_path).clock.wall().timestamp()
    for name, age in (("part-00000009-old.parquet", 2 * 86_400), ("part-00000009-young.parquet", 60)):
        (folder / name).write_bytes(b"torn")
        os.utime(folder / name, (now - age, now - age))
    plain.write("d", pa.table({"a": [2]}))
    assert {path.name for path in folder.glob("*00000009*")} == {"part-00000009-young.parquet"}
    assert [plain.read(version)["a"].to_pylist() for version in plain.history("d")] == [[2], [1]]


def test_a_folder_with_a_strange_name_is_a_folder(tmp_path: Path) -> None:
    ground = Ground.at(tmp_path)
    root = tmp_path / "Größe 100% [x] #1?"
    datasets = Datasets(
        ground.database, root / "tables", Engine(temp=root / "t"), project="test", clock=ground.clock, ids=ground.ids
    )
    version = datasets.write("d", pa.table({"a": [1]}))
    assert datasets.read(version)["a"].to_pylist() == [1]
    assert datasets.write("d", pa.table({"a": [2]})).number == 2


def test_a_folder_the_tables_would_be_lost_in_is_refused(tmp_path: Path) -> None:
    ground = Ground.at(tmp_path)
    root = tmp_path / "a%20b"
    datasets = Datasets(
        ground.database, root, Engine(temp=tmp_path / "t"), project="test", clock=ground.clock, ids=ground.ids
    )
    with pytest.raises(InvalidInput, match="Rename the folder"):
        datasets.write("d", pa.table({"a": [1]}))


def test_rows_keep_the_order_of_their_files(plain: Datasets, write: Write, tmp_path: Path) -> None:
    for number in range(4):
        header = "id,x" if number % 2 else "x,id"
        write(
            f"{number}.csv",
            header + "\n" + "".join(f"{number * 50_000 + i},{number * 50_000 + i}\n" for i in range(50_000)),
        )
    version = ingest(plain, tmp_path).version
    assert plain.read(version)["id"].to_pylist() == list(range(200_000))


def test_power_loss_is_prepared_for_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    forced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda handle: forced.append(os.readlink(f"/proc/self/fd/{handle}")))
    ground = Ground.at(tmp_path)
    for durability in ("process", "power"):
        forced.clear()
        datasets = Datasets(
            ground.database,
            tmp_path / durability,
            Engine(temp=tmp_path / "t"),
            project="test",
            clock=ground.clock,
            ids=ground.ids,
            durability=durability,
        )
        datasets.write(durability, pa.table({"a": [1]}))
        names = [Path(path).name for path in forced]
        if durability == "process":
            assert names == []
        else:
            assert [name.partition("-")[0] for name in names] == [
                "part",
                "power",
                "00000000000000000001.json",
                "_delta_log",
            ]
