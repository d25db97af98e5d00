"""The data engine: closed, in UTC, one cursor a query."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from treadle.datasets import Engine
from treadle.errors import InvalidInput, Unavailable


def test_tables_are_named_for_one_query_only(engine: Engine) -> None:
    table = pa.table({"a": [1, 2, 3]})
    assert engine.query("SELECT sum(a) AS s FROM t", {"t": table})["s"].to_pylist() == [6]
    with pytest.raises(InvalidInput, match="Table with name t does not exist"):
        engine.query("SELECT * FROM t")


def test_a_local_variable_never_answers_for_a_table(engine: Engine) -> None:
    secrets = pa.table({"a": [1]})
    with pytest.raises(InvalidInput, match="secrets does not exist"):
        engine.query("SELECT * FROM secrets")
    assert secrets.num_rows == 1


def test_results_have_plain_types(engine: Engine) -> None:
    table = pa.table({"n": pa.array([1, 2], pa.int32()), "d": pa.array(["x", "y"]).dictionary_encode()})
    result = engine.query("SELECT sum(n) AS s, 1.5 AS half, any_value(d) AS d, count(*) AS c FROM t", {"t": table})
    assert result.schema.types == [pa.int64(), pa.float64(), pa.string(), pa.int64()]


def test_instants_are_utc_whatever_zone_they_came_in(engine: Engine) -> None:
    moment = datetime(2013, 7, 1, 12, tzinfo=UTC)
    table = pa.table({"t": pa.array([moment], pa.timestamp("us", "America/New_York"))})
    result = engine.query("SELECT t, hour(t) AS h, CAST('2013-07-01 12:00' AS TIMESTAMPTZ) AS u FROM x", {"x": table})
    assert result["h"].to_pylist() == [12]
    assert result.schema.field("t").type == pa.timestamp("us", "UTC")
    assert result["t"].to_pylist() == result["u"].to_pylist() == [moment]


def test_parquet_files_and_parameters(engine: Engine, tmp_path: Path) -> None:
    for number in (1, 2):
        pq.write_table(pa.table({"a": [number]}), tmp_path / f"it's {number}.parquet")
    files = sorted(tmp_path.glob("*.parquet"))
    found = engine.query("SELECT a FROM t WHERE a >= $low ORDER BY a", {"t": files}, {"low": 2})
    assert found["a"].to_pylist() == [2]


@pytest.mark.parametrize(
    "sql",
    ["SELECT * FROM 's3://bucket/x.parquet'", "LOAD spatial", "SELECT * FROM 'https://x.y/z.csv'"],
)
def test_nothing_is_loaded_from_outside(engine: Engine, sql: str) -> None:
    with pytest.raises((InvalidInput, Unavailable)):
        engine.query(sql)


def test_queries_of_many_threads_do_not_meet(engine: Engine) -> None:
    wrong: list[object] = []

    def work(number: int) -> None:
        for _ in range(20):
            got = engine.query("SELECT max(a) AS a FROM t", {"t": pa.table({"a": [number]})})["a"].to_pylist()
            if got != [number]:
                wrong.append((number, got))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_temporary_tables_die_with_their_session(engine: Engine) -> None:
    with engine.session() as session:
        session.execute("CREATE TEMP TABLE mine AS SELECT 1 AS a")
        assert session.rows("SELECT a FROM mine") == [(1,)]
    with pytest.raises(InvalidInput):
        engine.query("SELECT * FROM mine")


def test_what_does_not_fit_says_what_to_raise(tmp_path: Path) -> None:
    engine = Engine(memory_limit="30MB", threads=1, temp=tmp_path / "temp")
    with pytest.raises(Unavailable, match=r"storage\.memory_limit"):
        engine.query("SELECT list(i) AS l FROM range(20000000) t(i)")
    assert engine.query("SELECT 1 AS a")["a"].to_pylist() == [1], "it goes on afterwards"


@pytest.mark.parametrize(("memory", "threads", "field"), [("lots", 0, "memory_limit"), ("1GB", -1, "threads")])
def test_wrong_settings_name_the_key(tmp_path: Path, memory: str, threads: int, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Engine(memory_limit=memory, threads=threads, temp=tmp_path)
    assert caught.value.field == f"storage.{field}"


def test_a_closed_engine_opens_again(engine: Engine) -> None:
    engine.close()
    assert engine.query("SELECT 2 AS a")["a"].to_pylist() == [2]


def test_two_engines_never_spill_into_one_folder(tmp_path: Path) -> None:
    temp = tmp_path / "temp"
    engines = [Engine(memory_limit="30MB", threads=1, temp=temp) for _ in range(2)]
    for engine in engines:
        with engine.session() as session:
            session.execute("CREATE TEMP TABLE big AS SELECT range AS a, random() AS b FROM range(2000000)")
            assert session.rows("SELECT count(*) FROM (SELECT * FROM big ORDER BY b)") == [(2_000_000,)]
            assert list(temp.glob("spill-*/*")) != []
    for engine in engines:
        engine.close()
    assert list(temp.glob("spill-*")) == []


def test_what_a_killed_process_spilled_is_removed_once_it_is_old(tmp_path: Path) -> None:
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    old, young = (tmp_path / f"spill-{dead.stdout.strip()}-{n}" for n in (1, 2))
    alive = tmp_path / f"spill-{os.getpid()}-999999"
    for folder in (old, young, alive):
        folder.mkdir()
        (folder / "rows.tmp").write_bytes(b"x")
    for folder in (old, alive):
        os.utime(folder, (0, 0))
    Engine(temp=tmp_path).query("SELECT 1")
    assert not old.exists()
    assert young.exists()
    assert alive.exists()


def test_a_forked_process_has_an_engine_of_its_own(engine: Engine) -> None:
    assert engine.query("SELECT 1 AS a")["a"].to_pylist() == [1]
    child = os.fork()
    if child == 0:
        answer = engine.query("SELECT sum(range) AS s FROM range(1000000)")["s"].to_pylist()
        os._exit(0 if answer == [499_999_500_000] else 1)
    for _ in range(600):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.05)
    else:
        os.kill(child, signal.SIGKILL)
        pytest.fail("the forked process hangs")
    assert status == 0
    assert engine.query("SELECT 2 AS a")["a"].to_pylist() == [2]
