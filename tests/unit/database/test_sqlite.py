"""What is SQLite's own: files, disks and locks."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.database import Database, sqlite
from treadle.database.sqlite import statements
from treadle.errors import Conflict, Corrupt, Unavailable


def things(path: Path, **settings: str) -> Database:
    database = Database.sqlite(path, **settings)
    database.execute("CREATE TABLE IF NOT EXISTS things (id TEXT PRIMARY KEY, body TEXT)")
    return database


@pytest.mark.parametrize(("durability", "level"), [("process", 1), ("power", 2)])
def test_durability_is_how_often_the_disk_is_synced(tmp_path: Path, durability: str, level: int) -> None:
    database = things(tmp_path / "x.db", durability=durability)
    assert database.one("PRAGMA synchronous") == {"synchronous": level}
    assert database.one("PRAGMA journal_mode") == {"journal_mode": "wal"}
    assert database.one("PRAGMA foreign_keys") == {"foreign_keys": 1}


def test_folders_are_made(tmp_path: Path) -> None:
    things(tmp_path / "a" / "b" / "x.db")
    assert (tmp_path / "a" / "b" / "x.db").exists()


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("in the way")
    with pytest.raises(Unavailable, match="cannot be made"):
        things(tmp_path / "a" / "x.db")


def test_a_database_that_is_a_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be opened"):
        things(tmp_path)


@pytest.mark.parametrize("damage", [b"not a database at all, " * 100, b"SQLite format 3\x00" + b"\xff" * 4000])
def test_a_file_that_is_no_database_is_told(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "x.db").write_bytes(damage)
    with pytest.raises(Corrupt, match="not a healthy SQLite database") as caught:
        things(tmp_path / "x.db")
    assert caught.value.mend


def test_a_torn_file_is_told(tmp_path: Path) -> None:
    database = things(tmp_path / "x.db")
    database.insert_many("things", [{"id": str(n), "body": "x" * 1000} for n in range(200)])
    database.close()
    with open(tmp_path / "x.db", "r+b") as file:
        file.truncate(40_000)
    torn = Database.sqlite(tmp_path / "x.db")
    with pytest.raises(Corrupt):
        torn.read("SELECT * FROM things")


def test_a_stuck_writer_is_told_and_not_waited_for_forever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stuck = things(tmp_path / "x.db")
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)
    waiting = Database.sqlite(tmp_path / "x.db")
    with stuck.transaction():
        with pytest.raises(Unavailable, match="locked"):
            waiting.insert("things", {"id": "a"})
        assert waiting.read("SELECT * FROM things") == []  # readers never wait
    waiting.insert("things", {"id": "a"})


def test_a_writer_waits_for_another_to_finish(tmp_path: Path) -> None:
    database = things(tmp_path / "x.db")
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with database.transaction():
            database.insert("things", {"id": "slow"})
            begun.set()
            go_on.wait(10)

    thread = threading.Thread(target=slow)
    thread.start()
    begun.wait(10)
    threading.Timer(0.2, go_on.set).start()
    database.insert("things", {"id": "patient"})
    thread.join()
    assert len(database.read("SELECT * FROM things")) == 2


BUSY = """
import sys, time
from treadle.database import Database
database = Database.sqlite(sys.argv[1])
while True:
    with database.transaction():
        print("held", flush=True)
        time.sleep(0.2)
    time.sleep(0.006)
"""


def test_a_busy_neighbour_that_lets_go_for_moments_keeps_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 2)
    database = things(tmp_path / "x.db")
    with subprocess.Popen(
        [sys.executable, "-c", BUSY, str(tmp_path / "x.db")], stdout=subprocess.PIPE, text=True
    ) as neighbour:
        try:
            assert neighbour.stdout is not None
            neighbour.stdout.readline()
            for n in range(5):
                database.insert("things", {"id": f"alone {n}"})
                time.sleep(0.03)  # until the neighbour has it again
                database.insert_many("things", [{"id": f"together {n}"}])
                time.sleep(0.03)
        finally:
            neighbour.kill()
    assert len(database.read("SELECT * FROM things")) == 10


def test_many_processes_open_a_new_file_at_once(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from treadle.database import Database, apply_migrations\n"
        "print(apply_migrations(Database.sqlite(Path(sys.argv[1]))))"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "x.db")], stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    applied = sorted(int(run.communicate()[0]) for run in runs)
    assert [run.returncode for run in runs] == [0] * 6
    assert applied[:5] == [0] * 5
    assert applied[5] > 0


def test_a_full_disk_changes_nothing_and_is_told(small_disk: Path) -> None:
    database = things(small_disk / "x.db")
    database.insert("things", {"id": "before", "body": "x"})

    def fill() -> None:
        for number in range(10_000):
            database.insert("things", {"id": str(number), "body": "x" * 10_000})

    with pytest.raises(Unavailable, match="disk") as caught:
        fill()
    assert caught.value.mend
    kept = len(database.read("SELECT id FROM things"))
    with pytest.raises(Unavailable), database.transaction():
        database.insert_many("things", [{"id": f"more{n}", "body": "x" * 100_000} for n in range(20)])
    assert len(database.read("SELECT id FROM things")) == kept
    assert database.one("PRAGMA integrity_check") == {"integrity_check": "ok"}
    database.close()
    again = Database.sqlite(small_disk / "x.db")
    assert len(again.read("SELECT id FROM things")) == kept
    again.close()


def test_a_full_disk_spoils_the_whole_transaction(small_disk: Path) -> None:
    database = things(small_disk / "x.db")
    with pytest.raises((Unavailable, Conflict)), database.transaction():  # noqa: PT012
        database.insert("things", {"id": "first"})
        with pytest.raises(Unavailable), database.transaction():
            database.insert("things", {"id": "big", "body": "x" * 5_000_000})
        database.insert("things", {"id": "last", "body": "x" * 5_000_000})
    assert database.read("SELECT id FROM things") == []
    database.close()


def test_a_read_only_disk_is_told(small_disk: Path, make_read_only: Callable[[], None]) -> None:
    database = things(small_disk / "x.db")
    database.insert("things", {"id": "a"})
    database.close()
    make_read_only()
    frozen = Database.sqlite(small_disk / "x.db")
    with pytest.raises(Unavailable, match=r"read-only|cannot be opened") as caught:
        frozen.insert("things", {"id": "b"})
    assert caught.value.mend
    frozen.close()


def test_what_is_erased_is_not_left_in_the_file(tmp_path: Path) -> None:
    database = things(tmp_path / "x.db")
    database.insert("things", {"id": "a", "body": "a very personal sentence"})
    database.insert("things", {"id": "b", "body": "x"})
    database.execute("DELETE FROM things WHERE id = 'a'")
    database.close()
    with_traces = sqlite3.connect(tmp_path / "x.db")
    with_traces.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with_traces.close()
    assert b"very personal" not in (tmp_path / "x.db").read_bytes()


def test_closing_empties_the_write_ahead_log(tmp_path: Path) -> None:
    database = things(tmp_path / "x.db")
    database.insert("things", {"id": "a"})
    assert (tmp_path / "x.db-wal").exists()
    database.close()
    assert sorted(os.listdir(tmp_path)) == ["x.db"]


@pytest.mark.parametrize(
    ("sql", "parts"),
    [
        ("", []),
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1;\nSELECT 2;\n", ["SELECT 1;", "SELECT 2;"]),
        (
            "CREATE TABLE a (x TEXT DEFAULT ';',\n y TEXT);\nSELECT 1",
            ["CREATE TABLE a (x TEXT DEFAULT ';',\n y TEXT);", "SELECT 1"],
        ),
        (
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n SELECT 1;\n SELECT 2;\nEND;\n",
            ["CREATE TRIGGER t AFTER INSERT ON a BEGIN\n SELECT 1;\n SELECT 2;\nEND;"],
        ),
    ],
)
def test_scripts_are_split_where_sqlite_says(sql: str, parts: list[str]) -> None:
    assert list(statements(sql)) == parts


@given(st.lists(st.sampled_from(["SELECT 1;", "SELECT ';';", "-- a; comment", "SELECT 2", ""]), max_size=5))
def test_splitting_loses_nothing(lines: list[str]) -> None:
    assert "".join("".join(statements("\n".join(lines))).split()) == "".join("".join(lines).split())
