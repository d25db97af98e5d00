"""Wrong paths, torn files, renamed columns, unknown names: a sentence that names the thing, a proper code, nothing lost."""

from __future__ import annotations

import shutil
import socket
import sqlite3
from pathlib import Path

import pytest

from treadle.cli import app
from treadle.cli.init import create


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (["data", "history", "order"], 3, "Did you mean 'orders'?"),
        (["data", "history", "orders@x"], 2, "flights@3"),
        (["data", "profile", "orders@99"], 3, "99"),
        (["data", "at", "orders", "yesterday"], 2, "2013-04-01"),
        (["data", "at", "orders", "1999-01-01"], 3, "1999"),
        (["data", "at", "orders", "2999-01-01", "--out", "rows.xlsx"], 2, ".csv"),
        (["data", "ingest", "order"], 3, "Did you mean 'orders'?"),
        (["data", "validate", "nothing"], 3, "nothing"),
        (["data", "diff", "orders@1", "orders@1", "--key", "order"], 3, "order_id"),
        (["features", "get", "shop_delays", "shop=mill"], 3, "Did you mean 'shop_delay'?"),
        (["features", "get", "shop_delay", "mill"], 2, "shop=VALUE"),
        (["features", "get", "shop_delay", "store=mill"], 2, "shop"),
        (["features", "materialize", "shop_delai"], 3, "shop_delay"),
        (["runs", "show", "nothing"], 3, "nothing"),
        (["runs", "list", "--filter", "metrics.roc_auc >"], 2, "filter"),
        (["runs", "list", "--order-by", "nonsense"], 2, "order"),
        (["runs", "execution", "nothing"], 3, "nothing"),
        (["runs", "executions", "--status", "sleeping"], 2, "sleeping"),
        (["models", "versions", "late-order"], 3, "Did you mean 'late-orders'?"),
        (["models", "show", "late-orders@99"], 3, "99"),
        (["models", "show", "late-orders@champion-ish"], 3, "champion"),
        (["models", "promote", "late-orders@1", "--why", ""], 2, "why"),
        (["models", "promote", "late-orders@1", "--why", "x", "--alias", "Not An Alias!"], 2, "alias"),
        (
            ["models", "register", "m", "nothing.onnx", "--task", "binary", "--data", "nothing.csv", "--label", "y"],
            3,
            "nothing.csv",
        ),
        (["checks", "show", "nothing"], 3, "nothing"),
        (["checks", "list", "--subject", "x"], 2, "name@version"),
        (["audit", "verify", "--anchor", "not a checkpoint"], 2, "checkpoint"),
        (["run", "--loop", "late-order"], 3, "Did you mean 'late-orders'?"),
        (["run", "nothing.py"], 3, "nothing.py"),
        (["run", "--as-of", "soon"], 2, "2013-04-01"),
        (["run", "--as-of", "2999-01-01"], 2, "future"),
        (["run", "--target", "trian"], 3, "train"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_value_is_named(project, argv, code, words, call):
    found, told = call(project, *argv)
    error = told["error"]
    assert words in f"{error['message']} {error['mend']} {error['field']}"
    assert found == code == error["exit"]


@pytest.fixture
def fresh(tmp_path):
    create(tmp_path / "late-orders")
    return tmp_path / "late-orders"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('[shop_delay, "distance_km"', '[shop_delay, "distence_km"', "Did you mean 'distance_km'?"),
        ('td.Label("late"', 'td.Label("lat"', "Did you mean 'late'?"),
        ('task="binary"', 'task="binery"', "binary"),
        ('[shop_delay, "distance_km"', '[shop_delay, "minutes"', "leak"),
        ("import treadle as td", "import treadle as td\nimport nonsense", "nonsense"),
        ("loop = td.Loop(", "loop = td.Loop((", "loop.py"),
        ("td.splits.Time(", "td.splits.Tine(", "Tine"),
        ('id="order_id"', 'id="order"', "Did you mean 'order_id'?"),
        ('entity="shop"', 'entity="store"', "shop"),
    ],
)
def test_a_mistake_in_the_declaration_names_file_and_line_before_anything_runs(fresh, call, old, new, words):
    edit(fresh / "loop.py", old, new)
    code, told = call(fresh, "run")
    error = told["error"]
    assert code in (2, 3)
    assert words in f"{error['where']} {error['message']} {error['mend']}"
    assert "loop.py:" in error["where"]
    assert not (fresh / ".treadle" / "tables").exists() or not list((fresh / ".treadle" / "tables").iterdir())


def test_a_glob_that_matches_nothing_is_named(fresh, call):
    edit(fresh / "loop.py", "data/orders*.csv", "data/nothing*.csv")
    code, told = call(fresh, "run")
    assert code in (2, 3)
    assert "nothing*.csv" in told["error"]["message"]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda rows: [], "orders.csv"),
        (lambda rows: [rows[0].replace("order_id", "id"), *rows[1:]], "order_id"),
        (lambda rows: [*rows[:100], 'order-x,"torn'], "orders.csv"),
        (lambda rows: [*rows[:2300], rows[2300].replace("order-", '"order-').split(",")[0]], "orders.csv"),
    ],
    ids=["empty", "renamed column", "torn", "short line"],
)
def test_a_damaged_file_is_named(fresh, call, damage, words):
    path = fresh / "data" / "orders.csv"
    path.write_text("\n".join(damage(path.read_text().splitlines())) + "\n")
    code, told = call(fresh, "run")
    assert code in (1, 2, 3)
    assert words in f"{told['error']['where']} {told['error']['message']} {told['error']['mend']}"


def test_text_in_a_number_column_blocks_as_the_schema_says(fresh, call):
    rows = (fresh / "data" / "orders.csv").read_text().splitlines()
    cells = rows[1000].split(",")
    cells[4] = "far"
    rows[1000] = ",".join(cells)
    (fresh / "data" / "orders.csv").write_text("\n".join(rows) + "\n")
    code, told = call(fresh, "run")
    assert code in (1, 2)
    assert "distance_km" in f"{told['error']['message']} {told['error']['mend']}"


def test_duplicate_ids_block_and_the_champion_stays(project, call, tmp_path):
    copy = tmp_path / "late-orders"
    shutil.copytree(project, copy)
    path = copy / "data" / "orders.csv"
    rows = path.read_text().splitlines()
    path.write_text("\n".join([*rows, rows[-1]]) + "\n")
    code, told = call(copy, "run")
    assert code == 1
    assert "keys_unique" in told["error"]["message"] or "order_id" in told["error"]["message"]
    assert call(copy, "models", "show", "late-orders@champion")[1]["version"]["version"] == 1


def test_a_tampered_ledger_is_found(project, call, tmp_path):
    copy = tmp_path / "late-orders"
    shutil.copytree(project, copy)
    with sqlite3.connect(copy / ".treadle" / "treadle.db") as database:
        table = next(
            name
            for (name,) in database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%previous%'"
            )
        )
        database.execute(f"UPDATE {table} SET status = 'passed', value = 0.99 WHERE sequence = 3")
    code, told = call(copy, "audit", "verify")
    assert code == 7
    assert told["broken"][0]["sequence"] == 3


def test_no_project_no_loop(tmp_path, call):
    code, told = call(tmp_path, "run")
    assert (code, told["error"]["kind"]) == (3, "NotFound")
    assert "treadle init" in told["error"]["mend"]


def test_a_port_in_use_is_named(project, call):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for command in ("server", "up", "serve"):
            code, told = call(project, command, "--port", port)
            assert code == 4
            assert str(port) in told["error"]["message"]


def test_a_read_only_state_folder_is_named(fresh, call, monkeypatch):
    (fresh / ".treadle").write_text("a file stands where the state folder should be")
    code, told = call(fresh, "run")
    assert code == 4
    assert ".treadle" in told["error"]["message"]


def test_a_name_with_markup_is_printed_as_it_is(project, capsys):
    assert app.call(["-C", str(project), "models", "versions", "[red]x[/]"]) == 3
    assert "[red]x[/]" in capsys.readouterr().err
