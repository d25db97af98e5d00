"""The online stores pass the same suite."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from treadle.errors import Conflict, Corrupt, Unavailable
from treadle.features import MemoryOnlineStore, OnlineStore, Origin, SqliteOnlineStore, Tick

TABLE = "weather@0123456789abcdef"


class OnlineStoreContract:
    """What readers and writers rely on; a subclass gives `store`."""

    def test_what_was_never_written_is_not_there(self, store: OnlineStore) -> None:
        assert store.read(TABLE, (b"a", b"b")) == [None, None]
        assert store.tick(TABLE) is None
        assert store.ticks() == []
        store.drop(TABLE)

    @pytest.mark.parametrize(
        "record",
        [
            [None],
            [-(2**63), 2**63 - 1, 0],
            [1, 0.1, float("inf"), 5e-324, -0.0],
            [1, "", "žluťoučký 飞机", True, False, None],
        ],
    )
    def test_records_come_back(self, store: OnlineStore, record: list[Any]) -> None:
        assert store.write(TABLE, [(b"k", record)], 1) == 1
        found = store.read(TABLE, (b"k",))[0]
        assert found is not None
        assert repr(list(found)) == repr(record)

    def test_nan_comes_back(self, store: OnlineStore) -> None:
        store.write(TABLE, [(b"k", [float("nan")])], 1)
        found = store.read(TABLE, (b"k",))[0]
        assert found is not None
        assert found[0] != found[0]

    def test_keys_are_read_in_the_order_asked(self, store: OnlineStore) -> None:
        store.write(TABLE, [(b"a", [1]), (b"\x00\xff", [2]), (b"", [3])], 1)
        found = store.read(TABLE, [b"", b"x", b"a", b"\x00\xff", b"a"])
        assert [None if record is None else record[0] for record in found] == [3, None, 1, 2, 1]
        assert store.read(TABLE, []) == []

    def test_a_write_replaces_everything(self, store: OnlineStore) -> None:
        store.write(TABLE, [(b"a", [1]), (b"b", [2])], 1)
        assert store.write(TABLE, iter([(b"b", [3])]), 2) == 1
        assert [None if r is None else r[0] for r in store.read(TABLE, (b"a", b"b"))] == [None, 3]
        assert store.tick(TABLE) == Tick(TABLE, 2, 1)
        assert store.write(TABLE, [], 3) == 0
        assert store.read(TABLE, (b"b",)) == [None]

    def test_tables_are_apart(self, store: OnlineStore) -> None:
        store.write("a@1", [(b"k", [1])], 5)
        store.write("a@2", [(b"k", [2]), (b"l", [2])], 7)
        store.write('odd "name"@3', [(b"k", [3])], 9)
        assert [store.read(table, (b"k",))[0][0] for table in ("a@1", "a@2", 'odd "name"@3')] == [1, 2, 3]  # type: ignore[index]
        assert store.ticks() == [Tick("a@1", 5, 1), Tick("a@2", 7, 2), Tick('odd "name"@3', 9, 1)]
        assert [tick.view for tick in store.ticks()] == ["a", "a", 'odd "name"']

    def test_a_dropped_table_is_gone(self, store: OnlineStore) -> None:
        store.write("a@1", [(b"k", [1])], 5)
        store.write("a@2", [(b"k", [2])], 5)
        store.drop("a@1")
        assert store.read("a@1", (b"k",)) == [None]
        assert store.ticks() == [Tick("a@2", 5, 1)]
        store.write("a@1", [(b"k", [9])], 1)
        assert store.read("a@1", (b"k",)) == [[9]]

    def test_a_change_goes_on_from_what_is_held(self, store: OnlineStore) -> None:
        store.write(TABLE, [(b"a", [1]), (b"b", [2]), (b"c", [3])], 5, origin="rows 1")
        changed = store.change(TABLE, [(b"b", [9]), (b"d", [4])], [b"c", b"never"], 7, since=5, origin="rows 1")
        assert changed == store.tick(TABLE) == Tick(TABLE, 7, 3)
        assert store.read(TABLE, (b"a", b"b", b"c", b"d")) == [[1], [9], None, [4]]
        assert store.change(TABLE, [], [], 7, since=7, origin="rows 1") == Tick(TABLE, 7, 3)
        assert store.origins(TABLE) == [Origin(5, 7, "rows 1")]

    @pytest.mark.parametrize(("since", "origin"), [(4, "rows 1"), (6, "rows 1"), (5, "rows 2"), (5, "")])
    def test_a_change_of_something_else_changes_nothing(self, store: OnlineStore, since: int, origin: str) -> None:
        store.write(TABLE, [(b"a", [1])], 5, origin="rows 1")
        assert store.change(TABLE, [(b"a", [2])], [], 8, since=since, origin=origin) is None
        assert store.change("other@1", [(b"a", [2])], [], 8, since=since, origin=origin) is None
        assert store.read(TABLE, (b"a",)) == [[1]]
        assert store.tick(TABLE) == Tick(TABLE, 5, 1)

    def test_a_change_goes_forward_only(self, store: OnlineStore) -> None:
        store.write(TABLE, [(b"a", [1])], 5, origin="rows 1")
        assert store.change(TABLE, [(b"a", [2])], [], 4, since=5, origin="rows 1") is None
        assert store.read(TABLE, (b"a",)) == [[1]]

    def test_what_a_table_was_made_of_is_kept(self, store: OnlineStore) -> None:
        assert store.origins(TABLE) == []
        for as_of, origin in ((1, "rows 1"), (3, "rows 1"), (4, "rows 2"), (9, "rows 2")):
            store.write(TABLE, [], as_of, origin=origin)
        store.write("other@1", [], 2, origin="rows 7")
        assert store.origins(TABLE) == [Origin(1, 3, "rows 1"), Origin(4, 9, "rows 2")]
        store.write(TABLE, [], 2, origin="rows 3", backwards=True)
        assert store.origins(TABLE) == [Origin(1, 1, "rows 1"), Origin(2, 2, "rows 3")]
        store.drop(TABLE)
        assert store.origins(TABLE) == []
        assert store.origins("other@1") == [Origin(2, 2, "rows 7")]

    def test_a_slow_writer_does_not_undo_a_faster_one(self, store: OnlineStore) -> None:
        store.write(TABLE, [(b"k", [2])], 20)
        with pytest.raises(Conflict, match="'weather' is already materialised as of 1970-01-01"):
            store.write(TABLE, [(b"k", [1])], 10)
        assert store.read(TABLE, (b"k",)) == [[2]]
        assert store.tick(TABLE) == Tick(TABLE, 20, 1)
        store.write(TABLE, [(b"k", [3])], 20)
        store.write(TABLE, [(b"k", [1])], 10, backwards=True)
        assert store.read(TABLE, (b"k",)) == [[1]]
        assert store.tick(TABLE) == Tick(TABLE, 10, 1)

    def test_a_write_that_fails_changes_nothing(self, store: OnlineStore) -> None:
        store.write(TABLE, [(b"k", [1])], 1)

        def rows() -> Iterator[tuple[bytes, list[int]]]:
            yield b"k", [2]
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            store.write(TABLE, rows(), 2)
        assert store.read(TABLE, (b"k",)) == [[1]]
        assert store.tick(TABLE) == Tick(TABLE, 1, 1)

    def test_readers_see_whole_writes(self, store: OnlineStore) -> None:
        keys = [str(number).encode() for number in range(200)]
        store.write(TABLE, [(key, [0]) for key in keys], 0)
        torn: list[set[Any]] = []
        done = threading.Event()

        def look() -> None:
            while not done.is_set():
                found = {record[0] for record in store.read(TABLE, keys) if record is not None}
                if len(found) != 1:
                    torn.append(found)

        readers = [threading.Thread(target=look) for _ in range(2)]
        for reader in readers:
            reader.start()
        for number in range(1, 40):
            store.write(TABLE, [(key, [number]) for key in keys], number)
        done.set()
        for reader in readers:
            reader.join(30)
        assert torn == []
        assert store.read(TABLE, keys[:1]) == [[39]]


class TestMemory(OnlineStoreContract):
    @pytest.fixture
    def store(self) -> Iterator[OnlineStore]:
        store = MemoryOnlineStore()
        yield store
        store.close()


class TestSqlite(OnlineStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[OnlineStore]:
        store = SqliteOnlineStore(tmp_path / "state" / "online.db")
        yield store
        store.close()

    def test_reading_makes_no_file(self, store: SqliteOnlineStore) -> None:
        store.read(TABLE, (b"k",))
        store.ticks()
        assert not store.path.exists()

    def test_another_process_reads_what_was_written(self, store: SqliteOnlineStore) -> None:
        other = SqliteOnlineStore(store.path)
        assert other.read(TABLE, (b"k",)) == [None]
        store.write(TABLE, [(b"k", [1])], 1)
        assert other.read(TABLE, (b"k",)) == [[1]]
        store.write(TABLE, [(b"k", [2])], 2)
        assert other.read(TABLE, (b"k",)) == [[2]]
        other.close()

    def test_what_was_written_outlives_the_process(self, store: SqliteOnlineStore) -> None:
        child = os.fork()
        if not child:
            store.write(TABLE, [(b"k", [7])], 3)
            os.kill(os.getpid(), 9)
        os.waitpid(child, 0)
        assert store.read(TABLE, (b"k",)) == [[7]]
        assert store.tick(TABLE) == Tick(TABLE, 3, 1)

    def test_a_writer_killed_in_the_middle_leaves_the_last_write(self, store: SqliteOnlineStore) -> None:
        store.write(TABLE, [(b"k", [1])], 1)
        child = os.fork()
        if not child:

            def rows() -> Iterator[tuple[bytes, list[int]]]:
                for number in range(100_000):
                    yield str(number).encode(), [2]
                os.kill(os.getpid(), 9)

            store.write(TABLE, rows(), 2)
        os.waitpid(child, 0)
        assert store.read(TABLE, (b"k", b"17")) == [[1], None]
        assert store.write(TABLE, [(b"k", [3])], 3) == 1

    def test_a_forked_child_has_a_connection_of_its_own(self, store: SqliteOnlineStore) -> None:
        store.write(TABLE, [(b"k", [1])], 1)
        child = os.fork()
        if not child:
            found = store.read(TABLE, (b"k",)) == [[1]]
            store.write(TABLE, [(b"k", [2])], 2)
            store.close()
            os._exit(0 if found else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert store.read(TABLE, (b"k",)) == [[2]]

    def test_a_file_that_is_no_database_is_corrupt(self, tmp_path: Path) -> None:
        path = tmp_path / "online.db"
        path.write_bytes(b"not a database at all" * 100)
        store = SqliteOnlineStore(path)
        with pytest.raises(Corrupt, match=r"online\.db is not a healthy SQLite database"):
            store.read(TABLE, (b"k",))
        with pytest.raises(Corrupt):
            store.write(TABLE, [(b"k", [1])], 1)

    def test_a_folder_that_cannot_be_made_is_unavailable(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way")
        with pytest.raises(Unavailable, match="folder of the online store"):
            SqliteOnlineStore(tmp_path / "file" / "online.db").write(TABLE, [(b"k", [1])], 1)

    def test_a_closed_store_opens_again(self, store: SqliteOnlineStore) -> None:
        store.write(TABLE, [(b"k", [1])], 1)
        store.close()
        assert store.read(TABLE, (b"k",)) == [[1]]
