"""What is PostgreSQL's own: parameters, lost connections and locks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from treadle.database import Database, postgresql
from treadle.database.postgresql import positional
from treadle.errors import Conflict, InvalidInput, TreadleError, Unavailable
from treadle.testing import postgres_database, postgres_url


@pytest.mark.parametrize(
    ("sql", "written"),
    [
        ("SELECT :a", "SELECT %(a)s"),
        ("SELECT :a_1, :B", "SELECT %(a_1)s, %(B)s"),
        ("SELECT a::text FROM t WHERE b = :b", "SELECT a::text FROM t WHERE b = %(b)s"),
        ("SELECT ':no', 'it''s :no', :yes", "SELECT ':no', 'it''s :no', %(yes)s"),
        ("a LIKE '5%' AND b % 2 = :c", "a LIKE '5%%' AND b %% 2 = %(c)s"),
        ("SELECT '10:30', x[1:2]", "SELECT '10:30', x[1:2]"),
    ],
)
def test_named_parameters_become_those_of_the_driver(sql: str, written: str) -> None:
    assert positional(sql) == written


def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(Unavailable) as caught:
        Database("postgresql://u:secret@127.0.0.1:1/d").one("SELECT 1 AS x")
    assert "storage.database" in caught.value.mend
    assert "secret" not in str(caught.value)


@pytest.fixture(scope="module")
def server() -> Iterator[Database]:
    url = postgres_url()
    if url is None:
        pytest.skip("needs PostgreSQL (TREADLE_TEST_POSTGRES)")
    with postgres_database(url) as database:
        database.execute("CREATE TABLE things (id TEXT PRIMARY KEY, n BIGINT)")
        yield database


@pytest.mark.postgres
class TestOnAServer:
    @pytest.fixture
    def things(self, server: Database) -> Database:
        server.execute("DELETE FROM things")
        return server

    @pytest.mark.parametrize(("durability", "level"), [("process", "local"), ("power", "on")])
    def test_durability_is_what_a_commit_waits_for(self, server: Database, durability: str, level: str) -> None:
        database = Database(server.url, durability=durability)
        assert database.one("SHOW synchronous_commit") == {"synchronous_commit": level}
        database.close()

    def test_a_lost_connection_is_made_again(self, things: Database) -> None:
        self._lose(things)
        assert things.read("SELECT * FROM things") == []
        self._lose(things)
        with things.transaction():
            things.insert("things", {"id": "a"})
        assert things.read("SELECT id FROM things") == [{"id": "a"}]

    def test_a_write_is_not_repeated_on_a_lost_connection(self, things: Database) -> None:
        self._lose(things)
        with pytest.raises(Unavailable):
            things.insert("things", {"id": "a"})
        things.insert("things", {"id": "b"})
        assert things.read("SELECT id FROM things") == [{"id": "b"}]

    def test_a_transaction_on_a_lost_connection_fails_whole(self, things: Database) -> None:
        with pytest.raises(TreadleError), things.transaction():  # noqa: PT012
            things.insert("things", {"id": "a"})
            self._lose(things)
            with pytest.raises(Unavailable), things.transaction():
                things.insert("things", {"id": "b"})
            things.insert("things", {"id": "c"})
        assert things.read("SELECT * FROM things") == []

    def test_a_snapshot_says_that_it_only_reads(self, things: Database) -> None:
        with pytest.raises(Unavailable, match="read-only"), things.snapshot():
            things.insert("things", {"id": "a"})

    def test_a_deadlock_is_a_conflict(self, things: Database) -> None:
        error = things._connection()._translated(postgresql_error("DeadlockDetected"))  # type: ignore[attr-defined]
        assert isinstance(error, Conflict)
        assert "Try again" in error.mend

    @pytest.mark.parametrize(
        ("name", "kind", "said"),
        [
            ("SerializationFailure", Conflict, "same moment"),
            ("DiskFull", Unavailable, "disk is full"),
            ("LockNotAvailable", Unavailable, "locked"),
            ("ForeignKeyViolation", Conflict, "refused a row"),
            ("NumericValueOutOfRange", InvalidInput, "cannot be stored"),
            ("AdminShutdown", Unavailable, "failed"),
            ("UndefinedTable", Unavailable, "failed"),
        ],
    )
    def test_errors_have_the_meanings_of_treadle(self, things: Database, name: str, kind: type, said: str) -> None:
        error = things._connection()._translated(postgresql_error(name))  # type: ignore[attr-defined]
        assert isinstance(error, kind)
        assert said in error.message
        assert error.mend

    def test_a_stuck_writer_is_not_waited_for_forever(self, things: Database) -> None:
        assert things.one("SHOW lock_timeout") == {"lock_timeout": f"{postgresql.LOCK_SECONDS}s"}

    def test_text_with_a_nul_is_invalid_input(self, things: Database) -> None:
        with pytest.raises(InvalidInput, match="cannot be stored"):
            things.insert("things", {"id": "a\x00b"})

    def test_a_value_is_not_shown_when_a_row_is_refused(self, things: Database) -> None:
        things.insert("things", {"id": "personal"})
        with pytest.raises(Conflict) as caught:
            things.insert("things", {"id": "personal"})
        assert "personal" not in str(caught.value)

    def _lose(self, database: Database) -> None:
        row = database.one("SELECT pg_backend_pid() AS pid")
        assert row is not None
        other = Database(database.url)
        other.read("SELECT pg_terminate_backend(:pid)", pid=row["pid"])
        other.close()


def postgresql_error(name: str) -> Exception:
    import psycopg

    return getattr(psycopg.errors, name)("it happened")
