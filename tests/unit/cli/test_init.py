from __future__ import annotations

import ast
import csv
import json
import tomllib
from datetime import datetime, timedelta

import pytest

from treadle.cli import app
from treadle.cli.init import contents, create
from treadle.cli.sample import LATE_AFTER, orders
from treadle.errors import Conflict, InvalidInput


def test_every_file_is_written_and_filled_in(tmp_path):
    made = create(tmp_path / "late-orders")
    assert {"loop.py", "data/orders.csv", "treadle.toml", "schemas/orders.toml", ".github/workflows/ci.yml"} <= set(
        made
    )
    for path in made:
        text = (tmp_path / "late-orders" / path).read_text()
        assert text
        assert "@name@" not in text
        assert "@version@" not in text


def test_python_and_toml_files_are_valid():
    for path, text in contents("late-orders").items():
        if path.endswith(".py"):
            ast.parse(text)
        if path.endswith(".toml"):
            tomllib.loads(text)
    assert tomllib.loads(contents("late-orders")["treadle.toml"])["project"]["name"] == "late-orders"


@pytest.mark.parametrize("name", ["Late", "late orders", "-late", "late-", "", "a" * 61, "läte"])
def test_a_name_that_cannot_be_one_is_refused(tmp_path, name):
    with pytest.raises((InvalidInput, Conflict)):
        create(tmp_path / name if name else tmp_path)


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "thesis.tex").write_text("years of work")
    with pytest.raises(Conflict, match="not empty"):
        create(tmp_path / "here")
    assert [p.name for p in (tmp_path / "here").iterdir()] == ["thesis.tex"]


def test_an_empty_folder_is_welcome(tmp_path):
    (tmp_path / "here").mkdir()
    create(tmp_path / "here")


def test_a_dot_is_the_folder_one_is_in(tmp_path, monkeypatch, capsys):
    (tmp_path / "late-orders").mkdir()
    monkeypatch.chdir(tmp_path / "late-orders")
    assert app.call(["init", ".", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["project"] == "late-orders"
    assert (tmp_path / "late-orders" / "loop.py").is_file()


def test_the_command_tells_scripts_what_it_made(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert app.call(["init", "late-orders", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["project"] == "late-orders"
    assert "loop.py" in told["files"]
    assert app.call(["init", "late-orders"]) == 5


def test_the_sample_is_the_same_every_time_and_holds_together():
    text = orders()
    assert text == orders()
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == len({row["order_id"] for row in rows}) == 2_400
    placed = [datetime.fromisoformat(row["ordered_at"]) for row in rows]
    assert placed == sorted(placed)
    for row, at in zip(rows, placed, strict=True):
        assert datetime.fromisoformat(row["delivered_at"]) - at == timedelta(minutes=int(row["minutes"]))
        assert (row["late"] == "true") == (int(row["minutes"]) > LATE_AFTER)
        assert int(row["hour"]) == at.hour
    assert 0.1 < sum(row["late"] == "true" for row in rows) / len(rows) < 0.4
