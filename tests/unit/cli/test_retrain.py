"""`treadle retrain` and `treadle triggers` on one real project."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from treadle.cli import app
from treadle.cli.init import create
from treadle.clock import FileClock


@pytest.fixture
def fresh(tmp_path):
    """A new project with a trigger, never turned."""
    folder = tmp_path / "late-orders"
    create(folder)
    file = folder / "loop.py"
    written = file.read_text("utf-8").rstrip()
    assert written.endswith(")")
    file.write_text(f"{written[:-1]}    retrain=[td.triggers.OnNewData(100)],\n)\n", "utf-8")
    return folder


def test_triggers_say_what_would_fire(fresh, call, capsys):
    code, told = call(fresh, "triggers")
    assert code == 0
    (rows,) = told["triggers"]["late-orders"]
    assert (rows["trigger"], rows["action"]) == ("on_new_data(100)", "run")
    assert app.call(["-C", str(fresh), "triggers"]) == 0
    assert "fires" in capsys.readouterr().out
    assert call(fresh, "retrain", "list", "--all") == (0, {"requests": []})


def test_a_turn_is_asked_for_by_the_loops_name(fresh, call):
    code, dry = call(fresh, "retrain", "late-orders", "--dry-run")
    assert (code, dry["triggers"][0]["action"]) == (0, "run")
    code, told = call(fresh, "retrain", "late-orders", "--why", "The data was mended.")
    asked = told["request"]
    assert (code, asked["state"], asked["reason"]) == (0, "waiting", "The data was mended.")
    assert call(fresh, "retrain", "ask", "late-orders")[1]["request"] == asked
    assert call(fresh, "retrain", "show", asked["id"])[1]["request"] == asked
    assert call(fresh, "retrain", "list")[1]["requests"] == [asked]
    code, told = call(fresh, "retrain", "cancel", asked["id"], "--why", "No.")
    assert (code, told["request"]["state"], told["request"]["why"]) == (0, "cancelled", "No.")
    assert call(fresh, "retrain", "cancel", asked["id"])[0] == 5


@pytest.mark.parametrize(
    ("argv", "code"),
    [(("late-ordrs",), 3), (("show", "x"), 3), (("--dry-run",), 2), (("late-orders", "--why", " "), 2)],
)
def test_mistakes_are_told(fresh, call, argv, code):
    assert call(fresh, "retrain", *argv)[0] == code


def test_people_see_tables_and_what_to_do_next(fresh, capsys):
    for argv, words in (
        (["retrain", "list"], "No turn was asked for yet"),
        (["retrain", "late-orders"], "A controller starts it"),
        (["retrain", "late-orders", "--dry-run"], "One run at a time"),
        (["retrain", "list", "late-orders"], "asked by hand"),
    ):
        assert app.call(["-C", str(fresh), *argv]) == 0
        assert words in capsys.readouterr().out


def test_listening_needs_an_address(fresh, capsys):
    assert app.call(["-C", str(fresh), "listen"]) == 2
    assert "No NATS server is configured" in capsys.readouterr().err


def test_old_requests_are_forgotten_after_a_dry_run(fresh, call, capsys):
    settings = fresh / "treadle.toml"
    settings.write_text(settings.read_text("utf-8") + "\n[retention]\nrequest_days = 1\n", "utf-8")
    for _ in range(3):
        asked = call(fresh, "retrain", "late-orders")[1]["request"]
        call(fresh, "retrain", "cancel", asked["id"])
    clock = FileClock(fresh / ".treadle" / "business_time")
    clock.move_to(datetime.now(UTC) + timedelta(days=2))
    nothing = {"turns": 0, "rollout_units": 0}
    assert call(fresh, "retrain", "expire", "--dry-run") == (0, {"dry_run": True, "requests": 2, **nothing})
    assert len(call(fresh, "retrain", "list", "--all")[1]["requests"]) == 3
    assert call(fresh, "retrain", "expire") == (0, {"dry_run": False, "requests": 2, **nothing})
    assert [each["id"] for each in call(fresh, "retrain", "list", "--all")[1]["requests"]] == [asked["id"]]
    assert app.call(["-C", str(fresh), "retrain", "expire"]) == 0
    assert "0 requests" in capsys.readouterr().out
