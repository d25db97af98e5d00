"""The command line as a whole: codes, words, and no traceback whatever happens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from treadle import errors
from treadle.cli import app


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TREADLE_ROOT", raising=False)
    monkeypatch.setenv("TREADLE_DEBUG", "0")
    return tmp_path


def fail_with(monkeypatch, error):
    from treadle.cli import status

    def broken(opened):
        raise error

    monkeypatch.setattr(status, "glance", broken)


def test_help_names_every_command(capsys):
    assert app.call(["--help"]) == 0
    text = capsys.readouterr().out
    first, then = ["demo", "init", "run", "up", "server", "serve"], ["status", "doctor", "data", "features", "runs"]
    for name in [*first, *then, "models", "checks", "audit"]:
        assert f" {name} " in text


def test_version(capsys):
    assert app.call(["--version"]) == 0
    assert capsys.readouterr().out.startswith("treadle 0.")


@pytest.mark.parametrize(
    "argv",
    [
        ["nonsense"],
        ["status", "--nonsense"],
        ["models", "promote"],
        ["runs", "list", "--limit", "many"],
        ["-C", "/nowhere", "status"],
    ],
)
def test_wrong_usage_is_bad_input(argv, capsys):
    assert app.call(argv) == 2
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    assert "--help" in shown.err


def test_a_group_without_a_command_shows_what_there_is(capsys):
    assert app.call(["alerts"]) == 2
    said = capsys.readouterr()
    assert "resolve" in said.out + said.err
    assert "Error" not in said.out + said.err
    assert app.call(["alerts", "--json"]) == 2


def test_an_error_says_what_and_how_to_mend(monkeypatch, capsys):
    fail_with(monkeypatch, errors.NotFound.among("model", "late-arival", ["late-arrival"]))
    assert app.call(["status"]) == 3
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "late-arival" in shown.err
    assert "Did you mean 'late-arrival'?" in shown.err


def test_an_error_in_json_is_the_document(monkeypatch, capsys):
    fail_with(monkeypatch, errors.DeclarationError("no label", mend="Add one.", field="label", where="loop.py:3"))
    assert app.call(["status", "--json"]) == 2
    assert json.loads(capsys.readouterr().out) == {
        "error": {
            "kind": "DeclarationError",
            "message": "no label",
            "mend": "Add one.",
            "field": "label",
            "where": "loop.py:3",
            "exit": 2,
        }
    }


def test_a_bug_is_a_sentence_with_a_report(monkeypatch, capsys):
    fail_with(monkeypatch, ZeroDivisionError("division by zero"))
    assert app.call(["status", "--json"]) == 70
    error = json.loads(capsys.readouterr().out)["error"]
    report = Path(error["where"])
    assert "ZeroDivisionError" in report.read_text()
    report.unlink()


def test_debug_shows_the_trace(monkeypatch, capsys):
    monkeypatch.setenv("TREADLE_DEBUG", "1")
    fail_with(monkeypatch, errors.Refused("gate failed"))
    assert app.call(["status"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_is_130(monkeypatch, capsys):
    fail_with(monkeypatch, KeyboardInterrupt())
    assert app.call(["status"]) == 130
    assert capsys.readouterr().err == "Stopped.\n"


def test_ctrl_c_in_a_command_is_told(project, monkeypatch, capsys):
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("treadle.cli.init.create", stopped)
    assert app.call(["init", "late-orders"]) == 130
    assert capsys.readouterr().err.strip() == "Stopped."


def test_a_wrong_setting_is_named(project, capsys):
    (project / "treadle.toml").write_text("[server]\nprot = 1\n")
    assert app.call(["status"]) == 2
    assert "Did you mean 'port'?" in capsys.readouterr().err


def test_help_loads_nothing_heavy():
    heavy = "numpy pyarrow pandas duckdb sklearn onnxruntime fastapi uvicorn optuna deltalake msgspec"
    code = (
        "import sys; from treadle.cli.app import call; call(['--help']); "
        f"print([name for name in {heavy!r}.split() if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, "NO_COLOR": "1"}
    )
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_output_without_a_terminal_has_no_colour(monkeypatch):
    done = subprocess.run([sys.executable, "-m", "treadle.cli", "doctor"], capture_output=True, text=True, check=False)
    assert "\x1b[" not in done.stdout + done.stderr


def test_a_closed_pipe_is_no_error(tmp_path):
    done = subprocess.run(
        f"{sys.executable} -m treadle.cli doctor | head -n 1; echo ${{PIPESTATUS[0]}}",
        shell=True, executable="/bin/bash", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
