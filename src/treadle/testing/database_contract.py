"""What every database must do for the rooms: subclass, give a `database` fixture, and run the suite with pytest.

    class TestMine(DatabaseContract):
        @pytest.fixture
        def database(self): ...        # an empty, migrated Database

Needs pytest.
"""

# ruff: noqa: PT012 - what raises is the transaction with what happens in it

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

import pytest

from treadle.database import Database, Fence, apply_migrations
from treadle.errors import Conflict, Fenced, InvalidInput, TreadleError

_TABLE = (
    "CREATE TABLE things (project TEXT NOT NULL, id TEXT NOT NULL PRIMARY KEY, big BIGINT, part {real}, data {bytes}, "
    "flag INTEGER)"
)


class DatabaseContract:
    """Behaviour that rooms rely on, the same on every dialect."""

    @pytest.fixture
    def things(self, database: Database) -> Database:
        """A database with one table of every kind of column."""
        real, data = ("REAL", "BLOB") if database.dialect == "sqlite" else ("DOUBLE PRECISION", "BYTEA")
        database.execute(_TABLE.format(real=real, bytes=data))
        return database

    # Values

    @pytest.mark.parametrize("big", [0, -1, 2**63 - 1, -(2**63), None])
    def test_whole_numbers_of_64_bits_come_back(self, things: Database, big: int | None) -> None:
        assert _through(things, big=big)["big"] == big

    @pytest.mark.parametrize("part", [0.1, -1e300, 5e-324, 1 / 3, 2**53 + 1.0, None])
    def test_floating_numbers_come_back_exactly(self, things: Database, part: float | None) -> None:
        assert _through(things, part=part)["part"] == part

    @pytest.mark.parametrize(
        "text", ["", "it's 100 % ':that'", 'a "b" \\ c', "žluťoučký 飞机 🛫", "two\nlines\t%(x)s %s"]
    )
    def test_text_comes_back(self, things: Database, text: str) -> None:
        assert _through(things, id=text)["id"] == text

    @pytest.mark.parametrize("data", [b"", b"\x00\xff'\\", bytes(range(256)), None])
    def test_bytes_come_back(self, things: Database, data: bytes | None) -> None:
        assert _through(things, data=data)["data"] == data

    def test_columns_come_in_the_order_they_are_named(self, things: Database) -> None:
        for identifier, big in (("a", 1), ("b", None)):
            things.insert("things", {"project": "p", "id": identifier, "big": big})
        assert things.columns("SELECT big, id FROM things ORDER BY id") == [[1, None], ["a", "b"]]
        assert things.columns("SELECT big, id FROM things WHERE id = :id", id="z") == [[], []]

    def test_many_rows_say_how_many_were_touched(self, things: Database) -> None:
        sql = "INSERT INTO things (project, id) VALUES ('p', :id) ON CONFLICT (id) DO NOTHING"
        assert things.execute_many(sql, [{"id": "a"}, {"id": "b"}, {"id": "a"}]) == 2
        assert things.execute_many(sql, []) == 0

    @pytest.mark.parametrize("flag", [True, False])
    def test_booleans_are_stored_as_numbers(self, things: Database, flag: bool) -> None:
        assert _through(things, flag=flag)["flag"] == int(flag)

    def test_a_number_that_fits_no_column_is_invalid_input(self, things: Database) -> None:
        with pytest.raises(InvalidInput, match="cannot be stored"):
            _through(things, big=2**63)

    def test_text_that_is_not_unicode_is_invalid_input(self, things: Database) -> None:
        with pytest.raises(InvalidInput, match="cannot be stored"):
            _through(things, id="\ud800")

    # Statements

    def test_a_parameter_without_a_type_may_be_null(self, things: Database) -> None:
        _add(things, "a")
        sql = "SELECT id FROM things WHERE (:id IS NULL OR id = :id) AND (:big IS NULL OR big >= :big)"
        assert [len(things.read(sql, id=name, big=None)) for name in (None, "a", "b")] == [1, 1, 0]

    def test_parameters_can_stand_anywhere_a_value_can(self, things: Database) -> None:
        _add(things, "a", big=7)
        row = things.one(
            "SELECT :label AS label, COALESCE(:none, big) AS b FROM things LIMIT :n", label="x", none=None, n=1
        )
        assert row == {"label": "x", "b": 7}

    def test_literals_with_colons_and_percents_stay(self, things: Database) -> None:
        _add(things, "a:b%")
        rows = things.read(
            "SELECT id FROM things WHERE id LIKE '%:b%' AND id <> ':no' AND project = :project", project="p"
        )
        assert [row["id"] for row in rows] == ["a:b%"]

    def test_execute_says_how_many_rows_it_touched(self, things: Database) -> None:
        things.insert_many("things", [{"project": "p", "id": str(n), "big": n} for n in range(5)])
        assert things.execute("UPDATE things SET big = 0 WHERE big >= :least", least=3) == 2

    def test_upserts_and_recursion_are_understood(self, things: Database) -> None:
        for big in (1, 2):
            things.execute(
                "INSERT INTO things (project, id, big) VALUES ('p', 'a', :big) "
                "ON CONFLICT (id) DO UPDATE SET big = excluded.big",
                big=big,
            )
        row = things.one(
            "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 10) "
            "SELECT SUM(n) AS s, (SELECT big FROM things) AS big FROM up"
        )
        assert row == {"s": 55, "big": 2}

    def test_one_gives_none_for_nothing(self, things: Database) -> None:
        assert things.one("SELECT * FROM things") is None
        assert things.read("SELECT * FROM things") == []

    def test_a_doubled_key_is_a_conflict(self, things: Database) -> None:
        _add(things, "a")
        with pytest.raises(Conflict):
            _add(things, "a")
        assert _ids(things) == ["a"]

    def test_insert_many_is_all_or_nothing(self, things: Database) -> None:
        with pytest.raises(Conflict):
            things.insert_many("things", [{"project": "p", "id": name} for name in ("a", "b", "a")])
        assert _ids(things) == []

    # Transactions

    def test_a_transaction_commits_together(self, things: Database) -> None:
        with things.transaction():
            _add(things, "a")
            assert _elsewhere(lambda: _ids(things)) == []
            _add(things, "b")
        assert _elsewhere(lambda: _ids(things)) == ["a", "b"]

    def test_an_error_undoes_the_transaction(self, things: Database) -> None:
        with pytest.raises(ZeroDivisionError), things.transaction():
            _add(things, "a")
            raise ZeroDivisionError
        assert _ids(things) == []
        _add(things, "b")  # and the connection still works
        assert _ids(things) == ["b"]

    def test_an_inner_transaction_falls_with_the_outer(self, things: Database) -> None:
        with pytest.raises(ZeroDivisionError), things.transaction():
            with things.transaction():
                _add(things, "a")
            raise ZeroDivisionError
        assert _ids(things) == []

    def test_an_inner_transaction_that_fails_undoes_only_its_part(self, things: Database) -> None:
        with things.transaction():
            _add(things, "a")
            with pytest.raises(Conflict), things.transaction():
                _add(things, "b")
                _add(things, "a")
            _add(things, "c")
        assert _ids(things) == ["a", "c"]

    def test_inner_transactions_nest_deeply(self, things: Database) -> None:
        with things.transaction():
            for name in ("a", "b"):
                with pytest.raises(ZeroDivisionError), things.transaction():
                    with things.transaction(), things.transaction():
                        _add(things, name)
                    raise ZeroDivisionError
            with things.transaction(), things.transaction():
                _add(things, "c")
        assert _ids(things) == ["c"]

    def test_a_failure_that_was_passed_over_spoils_the_transaction(self, things: Database) -> None:
        _add(things, "a")
        with pytest.raises(Conflict, match="nothing was changed"), things.transaction():
            _add(things, "b")
            with pytest.raises(Conflict):
                _add(things, "a")
        assert _ids(things) == ["a"]

    def test_nothing_more_is_done_after_a_failure(self, things: Database) -> None:
        with pytest.raises(Conflict, match="earlier statement"), things.transaction():
            with pytest.raises(TreadleError):
                things.execute("INSERT INTO nowhere (x) VALUES (1)")
            _add(things, "b")
        assert _ids(things) == []

    def test_each_thread_has_a_transaction_of_its_own(self, things: Database) -> None:
        with things.transaction():
            _add(things, "a")
            done = threading.Event()
            other = threading.Thread(target=lambda: (_add(things, "b"), done.set()))
            other.start()  # on SQLite it waits for its turn, on PostgreSQL it does not
        other.join(30)
        assert done.is_set()
        assert _ids(things) == ["a", "b"]

    def test_writers_take_turns_and_none_is_lost(self, things: Database) -> None:
        _add(things, "a", big=0)

        def count() -> None:
            for _ in range(25):
                with things.transaction():
                    things.execute("UPDATE things SET big = big + 1 WHERE id = 'a'")

        _all(count, 4)
        assert things.read("SELECT big FROM things") == [{"big": 100}]

    # Snapshots and locks

    def test_a_snapshot_does_not_see_later_writes(self, things: Database) -> None:
        _add(things, "a")
        with things.snapshot():
            assert _ids(things) == ["a"]
            _elsewhere(lambda: _add(things, "b"))
            assert _ids(things) == ["a"]
        assert _ids(things) == ["a", "b"]

    def test_a_snapshot_refuses_writes(self, things: Database) -> None:
        with pytest.raises(TreadleError), things.snapshot():
            _add(things, "a")
        _add(things, "b")  # and the connection can write again
        assert _ids(things) == ["b"]

    def test_a_snapshot_inside_a_transaction_is_the_transaction(self, things: Database) -> None:
        with things.transaction():
            _add(things, "a")
            with things.snapshot():
                assert _ids(things) == ["a"]
            _add(things, "b")
        assert _ids(things) == ["a", "b"]

    def test_a_lock_needs_a_transaction(self, database: Database) -> None:
        with pytest.raises(InvalidInput, match="open transaction"):
            database.lock("x")

    def test_a_lock_makes_reading_and_writing_one(self, things: Database) -> None:
        def add_the_next() -> None:
            for _ in range(10):
                with things.transaction():
                    things.lock("counting")
                    row = things.one("SELECT COUNT(*) AS n FROM things")
                    assert row is not None
                    _add(things, f"{row['n']:04d}")

        _all(add_the_next, 4)
        assert _ids(things) == [f"{n:04d}" for n in range(40)]

    # Fences

    def test_a_fenced_write_needs_the_epoch_of_the_lease(self, things: Database) -> None:
        _lease(things, epoch=2)
        with things.transaction(Fence("p", "controller", 2)):
            _add(things, "a")
        with pytest.raises(Fenced, match="epoch 1 has passed on"), things.transaction(Fence("p", "controller", 1)):
            _add(things, "b")
        assert _ids(things) == ["a"]

    def test_a_lease_of_another_project_is_no_lease(self, things: Database) -> None:
        _lease(things, epoch=2)
        with pytest.raises(Fenced, match="nobody"), things.transaction(Fence("q", "controller", 2)):
            _add(things, "b")

    def test_an_inner_fence_counts_as_well(self, things: Database) -> None:
        _lease(things, epoch=2)
        with pytest.raises(Fenced), things.transaction():
            _add(things, "a")
            with things.transaction(Fence("p", "controller", 1)):
                _add(things, "b")
        assert _ids(things) == []

    def test_the_lease_cannot_pass_on_in_the_middle_of_a_fenced_write(self, things: Database) -> None:
        _lease(things, epoch=1)
        order: list[str] = []

        def take_over() -> None:
            things.execute("UPDATE leases SET epoch = 2 WHERE name = 'controller'")
            order.append("taken")

        with things.transaction(Fence("p", "controller", 1)):
            rival = threading.Thread(target=take_over)
            rival.start()
            _add(things, "a")
            rival.join(0.3)
            order.append("written")
        rival.join(30)
        assert order == ["written", "taken"]

    # Living

    def test_migrating_again_does_nothing(self, database: Database) -> None:
        assert apply_migrations(database) == 0

    def test_threads_that_ended_leave_no_connection_behind(self, things: Database) -> None:
        for _ in range(3):
            _elsewhere(lambda: _ids(things))
        assert len(things._open) == 1

    def test_a_closed_database_opens_again(self, things: Database) -> None:
        _add(things, "a")
        things.close()
        assert _ids(things) == ["a"]

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
    def test_a_forked_child_has_connections_of_its_own(self, things: Database) -> None:
        _add(things, "a")
        child = os.fork()
        if not child:
            try:
                _add(things, "child")
                things.close()
            finally:
                os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        _add(things, "b")
        assert _ids(things) == ["a", "b", "child"]


def _add(database: Database, name: str, **columns: Any) -> None:
    database.insert("things", {"project": "p", "id": name, **columns})


def _ids(database: Database) -> list[str]:
    return sorted(row["id"] for row in database.read("SELECT id FROM things"))


def _through(database: Database, **columns: Any) -> dict[str, Any]:
    database.insert("things", {"project": "p", "id": "a", **columns})
    row = database.one("SELECT * FROM things")
    assert row is not None
    return row


def _lease(database: Database, *, epoch: int) -> None:
    row = {"project": "p", "name": "controller", "holder": "a", "epoch": epoch, "taken_at": 0, "expires_at": 0}
    database.insert("leases", row)


def _elsewhere(action: Callable[[], Any]) -> Any:
    result: list[Any] = []
    thread = threading.Thread(target=lambda: result.append(action()))
    thread.start()
    thread.join(30)
    return result[0]


def _all(action: Callable[[], None], workers: int) -> None:
    failed: list[BaseException] = []

    def run() -> None:
        try:
            action()
        except BaseException as error:  # noqa: BLE001 - raised again in the thread of the test
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if failed:
        raise failed[0]
